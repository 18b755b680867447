//go:build !openbao

package main

import api "github.com/hashicorp/vault/api"

const clientName = "vault"

type (
	Client               = api.Client
	ResponseError        = api.ResponseError
	Secret               = api.Secret
	KVMetadataPutInput   = api.KVMetadataPutInput
	KVMetadataPatchInput = api.KVMetadataPatchInput
	TokenCreateRequest   = api.TokenCreateRequest
	MountInput           = api.MountInput
	MountConfigInput     = api.MountConfigInput
	EnableAuthOptions    = api.EnableAuthOptions
	EnableAuditOptions   = api.EnableAuditOptions
	TLSConfig            = api.TLSConfig
	LifetimeWatcherInput = api.LifetimeWatcherInput
)

var (
	NewClient         = api.NewClient
	DefaultConfig     = api.DefaultConfig
	ErrSecretNotFound = api.ErrSecretNotFound
	WithCheckAndSet   = api.WithCheckAndSet
)
