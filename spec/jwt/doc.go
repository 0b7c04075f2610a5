// Package jwt signs what a client proves itself by: assertions (RFC 7523) and DPoP proofs
// (RFC 9449). It signs right ones and, for those who test servers, wrong ones.
//
// A map:
//
//   - key.go: private keys, made or read from a file;
//   - token.go: a JWT before it is signed, and its signature;
//   - assertion.go: the assertions of one client.
package jwt
