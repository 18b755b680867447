package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

var ctx = context.Background()

type object = map[string]interface{}

var mountKV1, mountKV2, mountAppRole, mountUserpass, reader string

// prepare makes what the cases share; tidyUp removes it.
func prepare() {
	mountKV1, mountKV2, mountAppRole, mountUserpass = name("kv1"), name("kv2"), name("approle"), name("userpass")
	reader = name("reader")
	must0(root.Sys().Mount(mountKV1, &MountInput{Type: "kv", Options: map[string]string{"version": "1"}}))
	must0(root.Sys().Mount(mountKV2, &MountInput{Type: "kv", Options: map[string]string{"version": "2"}}))
	must0(root.Sys().EnableAuthWithOptions(mountAppRole, &EnableAuthOptions{Type: "approle"}))
	must0(root.Sys().EnableAuthWithOptions(mountUserpass, &EnableAuthOptions{Type: "userpass"}))
	must0(root.Sys().PutPolicy(reader, `path "`+mountKV2+`/data/open" { capabilities = ["read"] }`))
	// Another server upgrades a new mount in the background, and refuses writes for a moment.
	if !given.Embedded {
		time.Sleep(time.Second)
	}
	must(root.KVv2(mountKV2).Put(ctx, "open", object{"word": "open to the reader"}))
}

func tidyUp() {
	must0(root.Sys().Unmount(mountKV1))
	must0(root.Sys().Unmount(mountKV2))
	must0(root.Sys().DisableAuth(mountAppRole))
	must0(root.Sys().DisableAuth(mountUserpass))
	must0(root.Sys().DeletePolicy(reader))
}

func isNotFound(err error) {
	isTrue(errors.Is(err, ErrSecretNotFound), "ErrSecretNotFound was expected")
}

func addKV() {
	one, two := root.KVv1(mountKV1), root.KVv2(mountKV2)
	list := func(path string) interface{} {
		secret := must(root.Logical().List(path))
		if secret == nil {
			return nil
		}
		return secret.Data["keys"]
	}

	add("kv 1: write, read, list, delete", func() {
		must0(one.Put(ctx, "team/one", object{"word": "first", "count": 1}))
		must0(one.Put(ctx, "team/two", object{"word": "second"}))
		same(must(one.Get(ctx, "team/one")).Data, object{"word": "first", "count": 1})
		same(list(mountKV1+"/team"), []string{"one", "two"})
		must0(one.Delete(ctx, "team/one"))
		_, err := one.Get(ctx, "team/one")
		isNotFound(err)
	})
	add("kv 1: what is not there", func() {
		_, err := one.Get(ctx, "nowhere")
		isNotFound(err)
		same(list(mountKV1+"/nowhere"), nil)
	})
	add("kv 2: write and read", func() {
		secret := object{"word": "first", "nested": object{"list": []interface{}{1, 2.5, nil, true}}}
		same(must(two.Put(ctx, "plain", secret)).VersionMetadata.Version, 1)
		read := must(two.Get(ctx, "plain"))
		same(read.Data, secret)
		same(read.VersionMetadata.Version, 1)
		isTrue(read.VersionMetadata.DeletionTime.IsZero() && !read.VersionMetadata.CreatedTime.IsZero(), "times")
	})
	add("kv 2: check-and-set, as it should be", func() {
		same(must(two.Put(ctx, "checked", object{"n": 1}, WithCheckAndSet(0))).VersionMetadata.Version, 1)
		same(must(two.Put(ctx, "checked", object{"n": 2}, WithCheckAndSet(1))).VersionMetadata.Version, 2)
	})
	add("kv 2: check-and-set, the wrong version", func() {
		must(two.Put(ctx, "unchecked", object{"n": 1}))
		_, err := two.Put(ctx, "unchecked", object{"n": 2}, WithCheckAndSet(7))
		thatRefused(err, 400, "check-and-set parameter did not match the current version")
		same(must(two.Get(ctx, "unchecked")).Data, object{"n": 1})
	})
	add("kv 2: an older version", func() {
		must(two.Put(ctx, "versions", object{"n": 1}))
		must(two.Put(ctx, "versions", object{"n": 2}))
		same(must(two.GetVersion(ctx, "versions", 1)).Data, object{"n": 1})
		same(must(two.Get(ctx, "versions")).Data, object{"n": 2})
		versions := must(two.GetVersionsAsList(ctx, "versions"))
		same(len(versions), 2)
		same(versions[1].Version, 2)
		_, err := two.GetVersion(ctx, "versions", 9)
		isNotFound(err)
	})
	add("kv 2: patch", func() {
		must(two.Put(ctx, "patched", object{"kept": 1, "changed": 2, "dropped": 3}))
		same(must(two.Patch(ctx, "patched", object{"changed": 20, "dropped": nil, "added": 4})).VersionMetadata.Version, 2)
		same(must(two.Get(ctx, "patched")).Data, object{"kept": 1, "changed": 20, "added": 4})
		_, err := two.Patch(ctx, "nothing-to-patch", object{"n": 1})
		isNotFound(err)
	})
	add("kv 2: delete and undelete", func() {
		must(two.Put(ctx, "deleted", object{"n": 1}))
		must0(two.Delete(ctx, "deleted"))
		gone := must(two.Get(ctx, "deleted"))
		isTrue(gone.Data == nil && !gone.VersionMetadata.DeletionTime.IsZero(), "a deleted version comes without data")
		must0(two.Undelete(ctx, "deleted", []int{1}))
		same(must(two.Get(ctx, "deleted")).Data, object{"n": 1})
		must0(two.DeleteVersions(ctx, "deleted", []int{1}))
		isTrue(must(two.Get(ctx, "deleted")).Data == nil, "the version is deleted")
	})
	add("kv 2: destroy", func() {
		must(two.Put(ctx, "destroyed", object{"n": 1}))
		must(two.Put(ctx, "destroyed", object{"n": 2}))
		must0(two.Destroy(ctx, "destroyed", []int{1}))
		gone := must(two.GetVersion(ctx, "destroyed", 1))
		isTrue(gone.Data == nil && gone.VersionMetadata.Destroyed, "a destroyed version comes without data")
		same(must(two.Get(ctx, "destroyed")).Data, object{"n": 2})
	})
	add("kv 2: settings and custom metadata", func() {
		custom := object{"owner": "team", "stage": "test"}
		must0(two.PutMetadata(ctx, "described", KVMetadataPutInput{MaxVersions: 2, CustomMetadata: custom}))
		for n := 1; n <= 3; n++ {
			must(two.Put(ctx, "described", object{"n": n}))
		}
		metadata := must(two.GetMetadata(ctx, "described"))
		same(metadata.MaxVersions, 2)
		same(metadata.CustomMetadata, custom)
		same(len(metadata.Versions), 2)
		must0(two.PatchMetadata(ctx, "described", KVMetadataPatchInput{CustomMetadata: object{"stage": nil, "seen": "yes"}}))
		same(must(two.Get(ctx, "described")).CustomMetadata, object{"owner": "team", "seen": "yes"})
	})
	add("kv 2: list, and all of a key removed", func() {
		must(two.Put(ctx, "folder/a", object{"n": 1}))
		must(two.Put(ctx, "folder/sub/b", object{"n": 1}))
		same(list(mountKV2+"/metadata/folder"), []string{"a", "sub/"})
		must0(two.DeleteMetadata(ctx, "folder/a"))
		same(list(mountKV2+"/metadata/folder"), []string{"sub/"})
		_, err := two.GetMetadata(ctx, "folder/a")
		isNotFound(err)
	})
	add("kv 2: what is not there", func() {
		_, err := two.Get(ctx, "nowhere")
		isNotFound(err)
		same(list(mountKV2+"/metadata/nowhere"), nil)
	})
	add("go: KVv2 takes a version back", func() {
		must(two.Put(ctx, "back", object{"n": 1}))
		must(two.Put(ctx, "back", object{"n": 2}))
		same(must(two.Rollback(ctx, "back", 1)).VersionMetadata.Version, 3)
		same(must(two.Get(ctx, "back")).Data, object{"n": 1})
	})
	add("go: numbers keep their text", func() {
		must0(one.Put(ctx, "numbers", object{"big": json.Number("12345678901234567890")}))
		same(must(one.Get(ctx, "numbers")).Data["big"], json.Number("12345678901234567890"))
	})
}
