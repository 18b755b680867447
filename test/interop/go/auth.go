package main

import (
	"regexp"
	"sort"
)

// child makes a token of the reader's policy.
func child(request TokenCreateRequest) *Secret {
	if request.Policies == nil {
		request.Policies = []string{reader}
	}
	if request.TTL == "" {
		request.TTL = "1h"
	}
	return must(root.Auth().Token().Create(&request))
}

func sorted(list ...string) []string {
	sort.Strings(list)
	return list
}

func lookupSelf(token string) (*Secret, error) {
	return connect(token).Auth().Token().LookupSelf()
}

func readsOpen(token string) {
	same(must(connect(token).KVv2(mountKV2).Get(ctx, "open")).Data, object{"word": "open to the reader"})
}

func addTokens() {
	tokens := root.Auth().Token()
	add("tokens: create with options", func() {
		made := child(TokenCreateRequest{
			DisplayName: "robot", NumUses: 5, Metadata: map[string]string{"made": "here"}, ExplicitMaxTTL: "2h",
		})
		same(made.Auth.Policies, sorted("default", reader))
		same(made.Auth.LeaseDuration, 3600)
		isTrue(made.Auth.Renewable, "it can be renewed")
		seen := must(tokens.Lookup(made.Auth.ClientToken)).Data
		same(seen["display_name"], "token-robot")
		same(seen["num_uses"], 5)
		same(seen["meta"], object{"made": "here"})
		same(seen["explicit_max_ttl"], 7200)
		same(seen["orphan"], false)
		orphan := must(tokens.CreateOrphan(&TokenCreateRequest{Policies: []string{reader}, NoDefaultPolicy: true}))
		same(orphan.Auth.Policies, []string{reader})
		isTrue(orphan.Auth.Orphan, "it is an orphan")
	})
	add("tokens: look-up by token, by accessor, of oneself", func() {
		auth := child(TokenCreateRequest{}).Auth
		own := must(lookupSelf(auth.ClientToken))
		same(must(own.TokenID()), auth.ClientToken)
		same(must(own.TokenAccessor()), auth.Accessor)
		same(must(own.TokenPolicies()), sorted("default", reader))
		isTrue(must(own.TokenIsRenewable()) && must(own.TokenTTL()).Seconds() > 3500, "TTL and renewable")
		same(must(tokens.Lookup(auth.ClientToken)).Data["accessor"], auth.Accessor)
		same(must(tokens.LookupAccessor(auth.Accessor)).Data["id"], "")
		all := must(root.Logical().List("auth/token/accessors"))
		isTrue(contains(all.Data["keys"], auth.Accessor), "the accessor is listed")
	})
	add("tokens: renew", func() {
		auth := child(TokenCreateRequest{TTL: "10m"}).Auth
		same(must(connect(auth.ClientToken).Auth().Token().RenewSelf(1200)).Auth.LeaseDuration, 1200)
		same(must(tokens.Renew(auth.ClientToken, 1800)).Auth.LeaseDuration, 1800)
		same(must(tokens.RenewAccessor(auth.Accessor, 2400)).Auth.LeaseDuration, 2400)
	})
	add("tokens: revoke", func() {
		gone := []*Secret{}
		for n := 0; n < 4; n++ {
			gone = append(gone, child(TokenCreateRequest{}))
		}
		must0(tokens.RevokeTree(gone[0].Auth.ClientToken))
		must0(tokens.RevokeAccessor(gone[1].Auth.Accessor))
		must0(connect(gone[2].Auth.ClientToken).Auth().Token().RevokeSelf(""))
		must0(tokens.RevokeOrphan(gone[3].Auth.ClientToken))
		for _, made := range gone {
			_, err := lookupSelf(made.Auth.ClientToken)
			thatRefused(err, 403)
		}
	})
	add("tokens: roles", func() {
		role := name("role")
		path := "auth/token/roles/" + role
		must(root.Logical().Write(path, object{"allowed_policies": reader, "orphan": true, "renewable": false}))
		same(must(root.Logical().Read(path)).Data["orphan"], true)
		isTrue(contains(must(root.Logical().List("auth/token/roles")).Data["keys"], role), "the role is listed")
		made := must(tokens.CreateWithRole(&TokenCreateRequest{Policies: []string{reader}, TTL: "5m"}, role))
		isTrue(!made.Auth.Renewable, "it cannot be renewed")
		same(must(tokens.Lookup(made.Auth.ClientToken)).Data["role"], role)
		_, err := tokens.CreateWithRole(&TokenCreateRequest{Policies: []string{"other"}}, role)
		thatRefused(err, 400)
		must(root.Logical().Delete(path))
		isTrue(must(root.Logical().Read(path)) == nil, "the role is gone")
	})
	add("tokens: batch", func() {
		auth := child(TokenCreateRequest{Type: "batch", TTL: "5m"}).Auth
		isTrue(regexp.MustCompile(`^(hvb|b)\.`).MatchString(auth.ClientToken), "its text says what it is")
		same(auth.Accessor, "")
		same(must(lookupSelf(auth.ClientToken)).Data["type"], "batch")
		readsOpen(auth.ClientToken)
		thatRefused(tokens.RevokeTree(auth.ClientToken), 400)
	})
	add("tokens: a wrong one", func() {
		_, err := lookupSelf("hvs.nobody")
		thatRefused(err, 403)
	})
}

// newRole returns the role_id.
func newRole(role string, more object) string {
	settings := object{"token_policies": reader, "token_ttl": "1h"}
	for key, value := range more {
		settings[key] = value
	}
	path := "auth/" + mountAppRole + "/role/" + role
	must(root.Logical().Write(path, settings))
	return must(root.Logical().Read(path + "/role-id")).Data["role_id"].(string)
}

func newUser(username string) {
	settings := object{"password": name("password"), "token_policies": reader, "token_ttl": "1h"}
	must(root.Logical().Write("auth/"+mountUserpass+"/users/"+username, settings))
}

func logInUser(username, password string) (*Secret, error) {
	return connect("").Logical().Write("auth/"+mountUserpass+"/login/"+username, object{"password": password})
}

func logInRole(roleID, secretID interface{}) (*Secret, error) {
	return connect("").Logical().Write("auth/"+mountAppRole+"/login", object{"role_id": roleID, "secret_id": secretID})
}

func addLogins() {
	role := func(rest string) string { return "auth/" + mountAppRole + "/role/" + rest }
	add("approle: role, role_id, secret_id, login", func() {
		roleID := newRole("robot", object{"token_max_ttl": "2h", "secret_id_num_uses": 1})
		isTrue(contains(must(root.Logical().List("auth/" + mountAppRole + "/role")).Data["keys"], "robot"), "listed")
		settings := must(root.Logical().Read(role("robot"))).Data
		same(settings["token_ttl"], 3600)
		same(settings["token_max_ttl"], 7200)
		made := must(root.Logical().Write(role("robot/secret-id"), object{"metadata": `{"made":"here"}`})).Data
		login := must(logInRole(roleID, made["secret_id"]))
		same(login.Auth.Metadata, map[string]string{"role_name": "robot", "made": "here"})
		same(login.Auth.LeaseDuration, 3600)
		readsOpen(login.Auth.ClientToken)
		_, err := logInRole(roleID, made["secret_id"])
		thatRefused(err, 400, "invalid role or secret ID")
	})
	add("approle: a wrapped secret_id", func() {
		roleID := newRole("wrapped", nil)
		wrapped := must(wrapping(root, "5m").Logical().Write(role("wrapped/secret-id"), nil))
		same(wrapped.WrapInfo.CreationPath, role("wrapped/secret-id"))
		inside := must(connect(wrapped.WrapInfo.Token).Logical().Unwrap(""))
		isTrue(contains(must(logInRole(roleID, inside.Data["secret_id"])).Auth.Policies, reader), "it logs in")
	})
	add("approle: a wrong secret_id", func() {
		_, err := logInRole(newRole("careful", nil), "not-this-one")
		thatRefused(err, 400, "invalid role or secret ID")
	})
	add("userpass: user and login", func() {
		newUser("ann")
		isTrue(contains(must(root.Logical().List("auth/" + mountUserpass + "/users")).Data["keys"], "ann"), "listed")
		login := must(logInUser("ann", name("password")))
		same(login.Auth.Metadata, map[string]string{"username": "ann"})
		same(must(lookupSelf(login.Auth.ClientToken)).Data["display_name"], mountUserpass+"-ann")
	})
	add("userpass: a wrong password", func() {
		newUser("bob")
		_, err := logInUser("bob", "a guess")
		thatRefused(err, 400, "invalid username or password")
	})
	add("userpass: a new password", func() {
		newUser("eve")
		must(root.Logical().Write("auth/"+mountUserpass+"/users/eve/password", object{"password": name("newer")}))
		_, err := logInUser("eve", name("password"))
		thatRefused(err, 400)
		readsOpen(must(logInUser("eve", name("newer"))).Auth.ClientToken)
	})
}
