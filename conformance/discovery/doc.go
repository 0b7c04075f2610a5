// Package discovery finds the contract and the endpoints of a server: where its user
// named them, where its metadata or an OpenAPI document of its own does, and where
// servers are known to have them. Choose fills in a conformance.Target, and keeps what
// was asked and answered; init, doctor, conformance and load all find the same by it.
//
// A map:
//
//   - choose.go: what the user said, and the contracts that need no look at the host;
//   - explore.go, usual.go: the look, in its order; what to say when nothing was found;
//   - probe.go: what is asked, and which answers are those of an endpoint;
//   - metadata.go, places.go: where things are.
package discovery
