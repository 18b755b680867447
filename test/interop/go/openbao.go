//go:build openbao

package main

import api "github.com/openbao/openbao/api/v2"

const clientName = "openbao"

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
