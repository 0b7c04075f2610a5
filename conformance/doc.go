// Package conformance is the judge: it finds out whether a server is a correct
// device-flow server.
//
// A run has four parts. Prepare speaks to the target once and makes a plan.
// Record carries out scenarios, each with its own device codes and all side
// by side, and writes down every exchange. A judge reads what was recorded and
// nothing else, so that a saved transcript gives the same verdicts. Package suite
// shows the four as a Ginkgo suite.
//
// A check is a literal in the file of its area (polling.go, token.go, …): which
// powers it needs, which scenarios it reads, how it judges them. Its words are
// in the catalogue (package spec) under the same id.
package conformance
