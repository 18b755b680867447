package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

func addPolicies() {
	add("policies: write, read, list, delete", func() {
		policy := "path \"" + mountKV2 + "/data/x\" {\n  capabilities = [\"read\", \"list\"]\n}\n"
		must0(root.Sys().PutPolicy(name("policy"), policy))
		same(must(root.Sys().GetPolicy(name("policy"))), policy)
		isTrue(contains(must(root.Sys().ListPolicies()), name("policy")), "the policy is listed")
		must0(root.Sys().DeletePolicy(name("policy")))
		same(must(root.Sys().GetPolicy(name("policy"))), "")
		thatRefused(root.Sys().PutPolicy(name("bad"), `path "x" { capabilities = ["fly"] }`), 400)
	})
	add("policies: capabilities", func() {
		token := child(TokenCreateRequest{}).Auth.ClientToken
		for path, expected := range map[string]string{"/data/open": "read", "/data/plain": "deny"} {
			same(must(connect(token).Sys().CapabilitiesSelf(mountKV2+path)), []string{expected})
			same(must(root.Sys().Capabilities(token, mountKV2+path)), []string{expected})
		}
	})
	add("policies: a refusal", func() {
		client := connect(child(TokenCreateRequest{}).Auth.ClientToken)
		words := "1 error occurred:\n\t* permission denied\n\n"
		_, err := client.KVv2(mountKV2).Get(ctx, "plain")
		thatRefused(err, 403, words)
		_, err = client.KVv2(mountKV2).Put(ctx, "open", object{"n": 1})
		thatRefused(err, 403, words)
	})
}

// wrapping is the same client, whose answers come wrapped.
func wrapping(client *Client, ttl string) *Client {
	other := connect(client.Token())
	other.SetWrappingLookupFunc(func(_, _ string) string { return ttl })
	return other
}

func addWrapping() {
	add("wrapping: a read", func() {
		wrapped := must(wrapping(root, "2m").Logical().Read(mountKV2 + "/data/open")).WrapInfo
		same(wrapped.TTL, 120)
		seen := must(root.Logical().Write("sys/wrapping/lookup", object{"token": wrapped.Token})).Data
		same(seen["creation_path"], mountKV2+"/data/open")
		same(seen["creation_ttl"], 120)
		same(must(root.Logical().Unwrap(wrapped.Token)).Data["data"], object{"word": "open to the reader"})
	})
	add("wrapping: a login", func() {
		newUser("wrapped")
		login := object{"password": name("password")}
		answer := must(wrapping(connect(""), "2m").Logical().Write("auth/"+mountUserpass+"/login/wrapped", login))
		isTrue(answer.Auth == nil, "the token is inside")
		inside := must(connect("").Logical().Unwrap(answer.WrapInfo.Token))
		same(inside.Auth.Accessor, answer.WrapInfo.WrappedAccessor)
		readsOpen(inside.Auth.ClientToken)
	})
	add("wrapping: taken once", func() {
		wrapped := must(wrapping(root, "60").Logical().Write("sys/wrapping/wrap", object{"word": "once"})).WrapInfo
		same(must(connect(wrapped.Token).Logical().Unwrap("")).Data, object{"word": "once"})
		_, err := connect(wrapped.Token).Logical().Unwrap("")
		thatRefused(err, 400, "wrapping token is not valid or does not exist")
	})
}

func addSystem() {
	add("leases: look-up and list", func() {
		newUser("leased")
		must(logInUser("leased", name("password")))
		prefix := "auth/" + mountUserpass + "/login/leased/"
		keys := must(root.Logical().List("sys/leases/lookup/" + prefix)).Data["keys"].([]interface{})
		same(len(keys), 1)
		lease := must(root.Sys().Lookup(prefix + keys[0].(string)))
		same(lease.Data["id"], prefix+keys[0].(string))
		_, err := root.Sys().Lookup(prefix + "nothing")
		thatRefused(err, 400, "invalid lease")
	})
	add("leases: revoke by prefix", func() {
		newUser("gone")
		token := must(logInUser("gone", name("password"))).Auth.ClientToken
		readsOpen(token)
		must0(root.Sys().RevokePrefix("auth/" + mountUserpass + "/login/gone"))
		_, err := lookupSelf(token)
		thatRefused(err, 403)
		isTrue(must(root.Logical().List("sys/leases/lookup/auth/"+mountUserpass+"/login/gone")) == nil, "none are left")
	})
	add("audit: enable, hash, list, disable; no secret in the file", func() {
		device, planted := name("audit"), name("planted")
		file := filepath.Join(given.AuditFolder, device+".log")
		options := &EnableAuditOptions{Type: "file", Options: map[string]string{"file_path": file}}
		must0(root.Sys().EnableAuditWithOptions(device, options))
		must(root.KVv2(mountKV2).Put(ctx, "audited", object{"word": planted}))
		must(root.KVv2(mountKV2).Get(ctx, "audited"))
		token := child(TokenCreateRequest{}).Auth.ClientToken
		readsOpen(token)
		hash := must(root.Sys().AuditHash(device, planted))
		same(must(root.Sys().ListAudit())[device+"/"].Type, "file")
		must0(root.Sys().DisableAudit(device))
		isTrue(must(root.Sys().ListAudit())[device+"/"] == nil, "the device is gone")
		text := string(must(os.ReadFile(file)))
		isTrue(!strings.Contains(text, planted), "the planted secret is in the audit file")
		isTrue(!strings.Contains(text, token), "a token is in the audit file")
		isTrue(strings.Contains(text, hash), "the hash of the planted secret is not in the audit file")
	})
	add("sys: health and seal status", func() {
		health := must(root.Sys().Health())
		isTrue(health.Initialized && !health.Sealed && !health.Standby, "health")
		isTrue(regexp.MustCompile(`^\d+\.\d+\.\d+`).MatchString(health.Version), health.Version)
		isTrue(!must(root.Sys().SealStatus()).Sealed && must(root.Sys().InitStatus()), "status")
		must(root.Sys().Leader())
	})
	add("sys: mounts and tuning", func() {
		mount := must(root.Sys().ListMounts())[mountKV2+"/"]
		same(mount.Type, "kv")
		same(mount.Options["version"], "2")
		description := "tuned"
		must0(root.Sys().TuneMount(mountKV2, MountConfigInput{DefaultLeaseTTL: "1h", Description: &description}))
		same(must(root.Sys().MountConfig(mountKV2)).DefaultLeaseTTL, 3600)
		same(must(root.Sys().ListMounts())[mountKV2+"/"].Description, "tuned")
	})
	add("sys: remount", func() {
		before, after := name("before"), name("after")
		must0(root.Sys().Mount(before, &MountInput{Type: "kv", Options: map[string]string{"version": "1"}}))
		must0(root.KVv1(before).Put(ctx, "key", object{"word": "moved"}))
		must0(root.Sys().Remount(before, after))
		same(must(root.KVv1(after).Get(ctx, "key")).Data, object{"word": "moved"})
		must0(root.Sys().Unmount(after))
	})
	add("sys: auth methods", func() {
		other := name("other")
		must0(root.Sys().EnableAuthWithOptions(other, &EnableAuthOptions{Type: "approle", Description: "another"}))
		same(must(root.Sys().ListAuth())[other+"/"].Description, "another")
		must0(root.Sys().DisableAuth(other))
		isTrue(must(root.Sys().ListAuth())[other+"/"] == nil, "the auth method is gone")
	})
	add("http: a namespace", func() {
		client := connect(given.Token)
		client.SetNamespace(name("team"))
		_, err := client.Auth().Token().LookupSelf()
		isTrue(err != nil, "a namespace that there is not is answered")
	})
}

func addTLS() {
	secure := func(authority string) *Client {
		config := DefaultConfig()
		config.Address = given.TLS.Address
		config.MaxRetries = 0
		must0(config.ConfigureTLS(&TLSConfig{CACert: authority}))
		client := must(NewClient(config))
		client.SetToken(given.TLS.Token)
		return client
	}
	add("tls: with its authority", func() {
		own := must(secure(given.TLS.Authority).Auth().Token().LookupSelf())
		same(must(own.TokenPolicies()), []string{"root"})
	})
	add("tls: without its authority", func() {
		_, err := secure("").Auth().Token().LookupSelf()
		isTrue(err != nil && strings.Contains(err.Error(), "certificate signed by unknown authority"), "it was trusted")
	})
}
