// Package refserver is a device-flow server that does what the standards ask
// (RFC 8628, RFC 6749, RFC 8414, RFC 7662) and, on request, one thing wrong.
// dfcheck checks it when no other host is named, proves its own checks with its
// faults, and uses it as a target for load.
//
// A map:
//
//   - config.go, server.go, transport.go: what it is told, and how a request arrives;
//   - authorization.go, token.go, refresh.go, introspection.go, metadata.go: its endpoints;
//   - revocation.go, openid.go, dpop.go, assertion.go, certificate.go: what it also does where it is told to;
//   - page.go, decision.go: the verification page, and decisions by programs;
//   - switched.go, flow.go, control.go: faults switched while it runs, and the page for that;
//   - proxy.go, relayed.go, foreign.go: another server, with a fault added to its answers;
//   - request.go, client.go, answer.go: reading, authenticating, answering;
//   - store.go, guess.go, limit.go (limit_meter.go, limit_parse.go): grants, guesses, and limits of pace;
//   - behaviour.go: every question to which a fault may give another answer;
//   - fault.go and a file per area: one literal for each way of being wrong;
//   - variant.go and a file per kind: servers that are right in another way.
package refserver
