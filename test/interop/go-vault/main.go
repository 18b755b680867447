// The Go client of Vault against a server: one JSON line for each case, {"name", "ok", "detail"}. The server comes by
// INTEROP_* variables. The client of OpenBao plays the same program: the test puts its module into the import below.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	api "github.com/hashicorp/vault/api"
)

type object = map[string]interface{}

var (
	ctx      = context.Background()
	address  = os.Getenv("INTEROP_ADDRESS")
	token    = os.Getenv("INTEROP_TOKEN")
	run      = os.Getenv("INTEROP_RUN")
	planted  = "planted-" + run + "-secret"
	one      = "go-kv1-" + run
	two      = "go-kv2-" + run
	approle  = "go-approle-" + run
	userpass = "go-userpass-" + run
	policy   = "go-policy-" + run
	rules    = fmt.Sprintf(`path "%s/data/open/*" { capabilities = ["read"] }`, two)
	root     = client(token)
	kv1      = root.KVv1(one)
	kv2      = root.KVv2(two)
)

// client has its own settings only: nothing of the environment, no retries.
func client(token string) *api.Client {
	config := api.DefaultConfig()
	config.Address = address
	config.MaxRetries = 0
	made := must(api.NewClient(config))
	made.SetToken(token)
	return made
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func same(got, want interface{}) {
	if !reflect.DeepEqual(got, want) {
		panic(fmt.Errorf("got %v, want %v", got, want))
	}
}

func truth(value bool, words string) {
	if !value {
		panic(errors.New(words))
	}
}

// refused: the client's own error type, with this status and words.
func refused(status int, words string, err error) {
	var response *api.ResponseError
	truth(errors.As(err, &response), fmt.Sprintf("no ResponseError: %v", err))
	same(response.StatusCode, status)
	truth(strings.Contains(strings.Join(response.Errors, " "), words), fmt.Sprintf("another text: %v", err))
}

func gone(_ *api.KVSecret, err error) {
	truth(errors.Is(err, api.ErrSecretNotFound), fmt.Sprintf("found, or %v", err))
}

// eventually: other servers revoke and move in the background.
func eventually(words string, done func() bool) {
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(50 * time.Millisecond) {
		truth(time.Now().Before(end), words)
	}
}

func put(path string, data object, options ...api.KVOption) *api.KVSecret {
	return must(kv2.Put(ctx, path, data, options...))
}

func write(path string, data object) *api.Secret { return must(root.Logical().Write(path, data)) }

func newToken(request *api.TokenCreateRequest) *api.SecretAuth {
	return must(root.Auth().Token().Create(request)).Auth
}

func alive(token string) bool {
	_, err := client(token).Auth().Token().LookupSelf()
	return err == nil
}

func roleID() interface{} {
	return must(root.Logical().Read("auth/" + approle + "/role/r/role-id")).Data["role_id"]
}

func secretID() interface{} { return write("auth/"+approle+"/role/r/secret-id", nil).Data["secret_id"] }

func login(secretID interface{}) (*api.Secret, error) {
	return client("").Logical().Write("auth/"+approle+"/login", object{"role_id": roleID(), "secret_id": secretID})
}

// wrapping has every answer of this client wrapped for a minute.
func wrapping(token string) *api.Client {
	made := client(token)
	made.SetWrappingLookupFunc(func(string, string) string { return "60s" })
	return made
}

type aCase struct {
	name string
	play func()
}

var cases = []aCase{
	{"kv1: write, read, list, delete", func() {
		check(kv1.Put(ctx, "a/b", object{"k": "v"}))
		same(must(kv1.Get(ctx, "a/b")).Data, object{"k": "v"})
		same(must(root.Logical().List(one + "/a")).Data["keys"], []interface{}{"b"})
		check(kv1.Delete(ctx, "a/b"))
		gone(kv1.Get(ctx, "a/b"))
	}},
	{"kv2: put with cas, get, versions", func() {
		same(put("v", object{"k": "1"}, api.WithCheckAndSet(0)).VersionMetadata.Version, 1)
		same(put("v", object{"k": "2"}, api.WithCheckAndSet(1)).VersionMetadata.Version, 2)
		same(must(kv2.Get(ctx, "v")).Data, object{"k": "2"})
		same(must(kv2.GetVersion(ctx, "v", 1)).Data, object{"k": "1"})
		same(len(must(kv2.GetVersionsAsList(ctx, "v"))), 2)
		same(must(kv2.Rollback(ctx, "v", 1)).VersionMetadata.Version, 3)
	}},
	{"kv2: wrong cas is refused", func() {
		put("cas", object{"k": "1"})
		_, err := kv2.Put(ctx, "cas", object{"k": "2"}, api.WithCheckAndSet(7))
		refused(400, "check-and-set parameter did not match the current version", err)
	}},
	{"kv2: what is missing is 404", func() { gone(kv2.Get(ctx, "missing")) }},
	{"kv2: patch", func() {
		put("p", object{"a": "1", "b": "2"})
		must(kv2.Patch(ctx, "p", object{"b": "3"}))
		same(must(kv2.Get(ctx, "p")).Data, object{"a": "1", "b": "3"})
		must(kv2.Patch(ctx, "p", object{"b": "4"}, api.WithMergeMethod(api.KVMergeMethodReadWrite)))
		same(must(kv2.Get(ctx, "p")).Data, object{"a": "1", "b": "4"})
	}},
	{"kv2: delete, undelete, destroy", func() {
		put("d", object{"k": "1"})
		check(kv2.Delete(ctx, "d"))
		same(len(must(kv2.Get(ctx, "d")).Data), 0)
		check(kv2.Undelete(ctx, "d", []int{1}))
		same(must(kv2.Get(ctx, "d")).Data, object{"k": "1"})
		check(kv2.DeleteVersions(ctx, "d", []int{1}))
		check(kv2.Destroy(ctx, "d", []int{1}))
		same(must(kv2.GetMetadata(ctx, "d")).Versions["1"].Destroyed, true)
	}},
	{"kv2: metadata, custom metadata, list", func() {
		put("m/x", object{"k": "1"})
		check(kv2.PutMetadata(ctx, "m/x", api.KVMetadataPutInput{MaxVersions: 3, CustomMetadata: object{"owner": "hub"}}))
		check(kv2.PatchMetadata(ctx, "m/x", api.KVMetadataPatchInput{CustomMetadata: object{"team": "a"}}))
		metadata := must(kv2.GetMetadata(ctx, "m/x"))
		same(metadata.MaxVersions, 3)
		same(metadata.CustomMetadata, object{"owner": "hub", "team": "a"})
		same(must(root.Logical().List(two + "/metadata/m")).Data["keys"], []interface{}{"x"})
		check(kv2.DeleteMetadata(ctx, "m/x"))
		gone(kv2.Get(ctx, "m/x"))
	}},
	{"token: create, lookup, self, accessor", func() {
		yes := true
		auth := newToken(&api.TokenCreateRequest{
			Policies: []string{"default"}, Metadata: map[string]string{"for": "test"}, TTL: "1h", ExplicitMaxTTL: "2h",
			DisplayName: "go", NumUses: 9, Renewable: &yes, NoParent: true,
		})
		data := must(root.Auth().Token().Lookup(auth.ClientToken)).Data
		same(data["meta"], object{"for": "test"})
		same([]interface{}{data["orphan"], fmt.Sprint(data["num_uses"]), fmt.Sprint(data["explicit_max_ttl"]), data["display_name"]},
			[]interface{}{true, "9", "7200", "token-go"})
		same(fmt.Sprint(must(client(auth.ClientToken).Auth().Token().LookupSelf()).Data["num_uses"]), "8")
		same(must(root.Auth().Token().LookupAccessor(auth.Accessor)).Data["id"], "")
		check(root.Auth().Token().RevokeAccessor(auth.Accessor))
		_, err := root.Auth().Token().Lookup(auth.ClientToken)
		refused(403, "bad token", err)
	}},
	{"token: renew, revoke", func() {
		made := newToken(&api.TokenCreateRequest{Policies: []string{"default"}, TTL: "1h"}).ClientToken
		same(must(root.Auth().Token().Renew(made, 7200)).Auth.LeaseDuration, 7200)
		same(must(client(made).Auth().Token().RenewSelf(1800)).Auth.LeaseDuration, 1800)
		check(root.Auth().Token().RevokeTree(made))
		same(alive(made), false)
	}},
	{"token: roles", func() {
		role := "go-role-" + run
		write("auth/token/roles/"+role, object{"allowed_policies": "default", "orphan": true, "token_period": "1h"})
		truth(strings.Contains(fmt.Sprint(must(root.Logical().List("auth/token/roles")).Data["keys"]), role), "not listed")
		auth := must(root.Auth().Token().CreateWithRole(&api.TokenCreateRequest{}, role)).Auth
		same([]interface{}{auth.Orphan, auth.LeaseDuration}, []interface{}{true, 3600})
		must(root.Logical().Delete("auth/token/roles/" + role))
		same(must(root.Logical().Read("auth/token/roles/"+role)) == nil, true)
	}},
	{"token: batch", func() {
		made := newToken(&api.TokenCreateRequest{Policies: []string{"default"}, Type: "batch", TTL: "10m"})
		same([]interface{}{made.Renewable, made.Accessor}, []interface{}{false, ""})
		same(must(client(made.ClientToken).Auth().Token().LookupSelf()).Data["type"], "batch")
		refused(400, "", root.Auth().Token().RevokeTree(made.ClientToken))
	}},
	{"approle: role, role_id, secret_id, login", func() {
		same(must(root.Logical().List("auth/" + approle + "/role")).Data["keys"], []interface{}{"r"})
		secret := secretID()
		same(must(login(secret)).Auth.Policies, []string{"default", policy})
		write("auth/"+approle+"/role/r/secret-id/destroy", object{"secret_id": secret})
		_, err := login(secret)
		refused(400, "invalid role or secret ID", err)
	}},
	{"approle: wrapped secret_id", func() {
		wrap := must(wrapping(token).Logical().Write("auth/"+approle+"/role/r/secret-id", nil)).WrapInfo
		secret := must(client("").Logical().Unwrap(wrap.Token)).Data["secret_id"]
		truth(must(login(secret)).Auth.ClientToken != "", "no token")
	}},
	{"approle: wrong secret_id", func() {
		_, err := login("wrong")
		refused(400, "invalid role or secret ID", err)
	}},
	{"userpass: user, login, wrong password, new password", func() {
		user := "auth/" + userpass + "/users/u"
		write(user, object{"password": planted, "token_policies": policy})
		enter := func(password string) (*api.Secret, error) {
			return client("").Logical().Write("auth/"+userpass+"/login/u", object{"password": password})
		}
		same(must(enter(planted)).Auth.Policies, []string{"default", policy})
		_, err := enter("wrong")
		refused(400, "invalid username or password", err)
		write(user+"/password", object{"password": planted + "2"})
		_, err = enter(planted)
		refused(400, "invalid username or password", err)
		same(must(enter(planted+"2")).Auth.Metadata, map[string]string{"username": "u"})
	}},
	{"policy: write, read, list, delete", func() {
		name := "go-other-" + run
		check(root.Sys().PutPolicy(name, rules))
		same(must(root.Sys().GetPolicy(name)), rules)
		truth(strings.Contains(fmt.Sprint(must(root.Sys().ListPolicies())), name), "not listed")
		check(root.Sys().DeletePolicy(name))
		same(must(root.Sys().GetPolicy(name)), "")
	}},
	{"policy: capabilities-self and a refusal", func() {
		put("open/x", object{"k": "1"})
		mine := client(newToken(&api.TokenCreateRequest{Policies: []string{policy, "default"}}).ClientToken)
		same(must(mine.Sys().CapabilitiesSelf(two+"/data/open/x")), []string{"read"})
		same(must(mine.KVv2(two).Get(ctx, "open/x")).Data, object{"k": "1"})
		_, err := mine.KVv2(two).Get(ctx, "closed")
		refused(403, "permission denied", err)
	}},
	{"wrapping: a read, lookup, unwrap, twice", func() {
		put("w", object{"k": planted})
		wrap := must(wrapping(token).Logical().Read(two + "/data/w")).WrapInfo
		same(write("sys/wrapping/lookup", object{"token": wrap.Token}).Data["creation_path"], two+"/data/w")
		same(must(client("").Logical().Unwrap(wrap.Token)).Data["data"], object{"k": planted})
		_, err := client("").Logical().Unwrap(wrap.Token)
		refused(400, "wrapping token is not valid or does not exist", err)
	}},
	{"wrapping: a login", func() {
		body := object{"role_id": roleID(), "secret_id": secretID()}
		wrap := must(wrapping("").Logical().Write("auth/"+approle+"/login", body)).WrapInfo
		same(alive(must(client("").Logical().Unwrap(wrap.Token)).Auth.ClientToken), true)
	}},
	{"lease: lookup, list, revoke-prefix", func() {
		prefix := "auth/" + approle + "/login"
		made := must(login(secretID())).Auth.ClientToken
		keys := must(root.Logical().List("sys/leases/lookup/" + prefix)).Data["keys"].([]interface{})
		id := prefix + "/" + keys[0].(string)
		same(must(root.Sys().Lookup(id)).Data["id"], id)
		check(root.Sys().RevokePrefix(prefix))
		eventually("the token still lives", func() bool { return !alive(made) })
	}},
	{"audit: enable, hash, list, disable; no secret in the file", func() {
		name, path := "go-audit-"+run, filepath.Join(os.Getenv("INTEROP_AUDIT_FOLDER"), fmt.Sprintf("go-%s-%d.log", run, os.Getpid()))
		options := &api.EnableAuditOptions{Type: "file", Options: map[string]string{"file_path": path}}
		check(root.Sys().EnableAuditWithOptions(name, options))
		same(must(root.Sys().ListAudit())[name+"/"].Type, "file")
		digest := must(root.Sys().AuditHash(name, planted))
		put("audited", object{"k": planted})
		check(root.Sys().DisableAudit(name))
		text := string(must(os.ReadFile(path)))
		truth(strings.Contains(text, digest), "the hash is not in the file")
		truth(!strings.Contains(text, planted) && !(len(token) > 20 && strings.Contains(text, token)), "a secret is in the file")
	}},
	{"sys: health, seal-status", func() {
		health := must(root.Sys().Health())
		same([]bool{health.Initialized, health.Sealed}, []bool{true, false})
		same(must(root.Sys().SealStatus()).Sealed, false)
	}},
	{"sys: mounts, tune, remount", func() {
		old, moved := "go-old-"+run, "go-new-"+run
		input := api.MountInput{Type: "kv", Options: map[string]string{"version": "2"}}
		check(root.Sys().Mount(old, &input))
		check(root.Sys().TuneMount(old, api.MountConfigInput{DefaultLeaseTTL: "1h", MaxLeaseTTL: "2h"}))
		same(must(root.Sys().MountConfig(old)).DefaultLeaseTTL, 3600)
		check(root.Sys().Remount(old, moved))
		truth(must(root.Sys().ListMounts())[moved+"/"] != nil, "the mount did not move")
		check(root.Sys().Unmount(moved))
	}},
	{"namespace: refused", func() {
		made := client(token)
		made.SetNamespace("no-such")
		_, err := made.Sys().ListMounts()
		truth(err != nil, "a namespace that is not there is served")
	}},
	{"tls: with the CA, refused without", func() {
		config := api.DefaultConfig()
		config.Address, config.MaxRetries = os.Getenv("INTEROP_TLS_ADDRESS"), 0
		_, err := must(api.NewClient(config)).Sys().Health()
		truth(err != nil && strings.Contains(err.Error(), "certificate"), fmt.Sprintf("without the CA: %v", err))
		check(config.ConfigureTLS(&api.TLSConfig{CACert: os.Getenv("INTEROP_CA")}))
		same(must(must(api.NewClient(config)).Sys().Health()).Sealed, false)
	}},
	{"lifetime watcher: a short token is renewed", func() {
		yes := true
		made := must(root.Auth().Token().Create(&api.TokenCreateRequest{Policies: []string{"default"}, TTL: "3s", Renewable: &yes}))
		mine := client(made.Auth.ClientToken)
		watcher := must(mine.NewLifetimeWatcher(&api.LifetimeWatcherInput{Secret: made, Increment: 3}))
		go watcher.Start()
		defer watcher.Stop()
		// It renews at once, and again before the three seconds are over.
		for i := 0; i < 2; i++ {
			select {
			case renewal := <-watcher.RenewCh():
				same(renewal.Secret.Auth.LeaseDuration, 3)
			case err := <-watcher.DoneCh():
				panic(fmt.Errorf("it ended: %v", err))
			case <-time.After(20 * time.Second):
				panic(errors.New("no renewal in 20 s"))
			}
		}
	}},
}

func report(one aCase) {
	ok, detail := true, ""
	defer func() {
		if problem := recover(); problem != nil {
			ok, detail = false, fmt.Sprint(problem)
		}
		line := must(json.Marshal(object{"name": one.name, "ok": ok, "detail": detail}))
		fmt.Println(string(line))
	}()
	one.play()
}

func main() {
	check(root.Sys().Mount(one, &api.MountInput{Type: "kv", Options: map[string]string{"version": "1"}}))
	check(root.Sys().Mount(two, &api.MountInput{Type: "kv", Options: map[string]string{"version": "2"}}))
	check(root.Sys().EnableAuthWithOptions(approle, &api.EnableAuthOptions{Type: "approle"}))
	check(root.Sys().EnableAuthWithOptions(userpass, &api.EnableAuthOptions{Type: "userpass"}))
	check(root.Sys().PutPolicy(policy, rules))
	write("auth/"+approle+"/role/r", object{"token_policies": policy, "token_ttl": "1h"})
	if settle, err := time.ParseDuration(os.Getenv("INTEROP_SETTLE") + "s"); err == nil {
		time.Sleep(settle)
	}
	for _, one := range cases {
		report(one)
	}
	check(root.Sys().Unmount(one))
	check(root.Sys().Unmount(two))
	check(root.Sys().DisableAuth(approle))
	check(root.Sys().DisableAuth(userpass))
	check(root.Sys().DeletePolicy(policy))
}
