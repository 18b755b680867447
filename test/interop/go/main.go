// Go's clients against a Vault: reads what it is to use from standard input, reports each case as a line of JSON. One
// source for both clients, whose types have the same names (vault.go, openbao.go): users move from one to the other by
// changing an import. It asserts what their users see: typed answers, and the clients' own errors.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
)

type settings struct {
	Address     string
	Token       string
	Run         string
	AuditFolder string
	Embedded    bool
	TLS         *struct {
		Address   string
		Token     string
		Authority string
	}
}

type kase struct {
	name    string
	perform func()
}

var (
	given settings
	root  *Client
	cases []kase
)

// add registers a case. It fails by a panic, as the checks below do.
func add(name string, perform func()) {
	cases = append(cases, kase{name, perform})
}

func main() {
	must0(json.NewDecoder(os.Stdin).Decode(&given))
	root = connect(given.Token)
	prepare()
	addKV()
	addTokens()
	addLogins()
	addPolicies()
	addWrapping()
	addSystem()
	addWatchers()
	if given.TLS != nil {
		addTLS()
	}
	output := json.NewEncoder(os.Stdout)
	for _, one := range cases {
		detail := perform(one.perform)
		must0(output.Encode(map[string]interface{}{"name": one.name, "ok": detail == "", "detail": detail}))
	}
	tidyUp()
}

// perform returns what went wrong.
func perform(act func()) (detail string) {
	defer func() {
		if problem := recover(); problem != nil {
			detail = fmt.Sprintf("%v\n%s", problem, where())
		}
	}()
	act()
	return ""
}

// name is one that nobody else uses.
func name(what string) string {
	return fmt.Sprintf("%s-%s-%s", clientName, what, given.Run)
}

func connect(token string) *Client {
	config := DefaultConfig()
	config.Address = given.Address
	client := must(NewClient(config))
	client.SetToken(token)
	return client
}

func must[T any](value T, err error) T {
	must0(err)
	return value
}

func must0(err error) {
	if err != nil {
		panic(err)
	}
}

// thatRefused holds an error against the server's status and messages; without messages any will do.
func thatRefused(err error, status int, messages ...string) {
	var response *ResponseError
	if !errors.As(err, &response) {
		panic(fmt.Sprintf("an answer with status %d was expected, not %v", status, err))
	}
	same(response.StatusCode, status)
	if len(messages) > 0 {
		same(response.Errors, messages)
	}
}

func same(got, expected interface{}) {
	if !reflect.DeepEqual(plain(got), plain(expected)) {
		panic(fmt.Sprintf("%#v was expected, not %#v", plain(expected), plain(got)))
	}
}

// plain makes numbers and lists comparable, whatever Go type they have.
func plain(value interface{}) interface{} {
	text := must(json.Marshal(value))
	var result interface{}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	must0(decoder.Decode(&result))
	return result
}

func isTrue(holds bool, what string) {
	if !holds {
		panic(what)
	}
}

func contains(list interface{}, wanted string) bool {
	items, _ := plain(list).([]interface{})
	for _, item := range items {
		if item == wanted {
			return true
		}
	}
	return false
}
