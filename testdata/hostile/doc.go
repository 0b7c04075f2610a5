// Package hostile is a server that means harm: a correct device-flow server, spoilt by
// one behaviour at a time. It writes its answers on raw sockets, so that it can send
// what package net/http would not. Tests run every command of dfcheck against it.
//
// A map:
//
//   - server.go: the sockets, and the honest answers, which are the reference server's;
//   - behaviour.go: what a behaviour is, and the list of all;
//   - framing.go: answers that are no HTTP, or never end;
//   - text.go: JSON that is hard to read;
//   - value.go: codes, intervals and lifetimes that nobody expects;
//   - place.go: redirects and URLs that lead to places which nobody named;
//   - page.go: verification pages;
//   - secure.go: certificates and handshakes;
//   - life.go: servers that die, come back, and move.
package hostile
