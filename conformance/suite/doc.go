// Package suite shows a conformance run as a Ginkgo suite: a container for each group
// of the catalogue and in it a spec for each check, so that a device-flow server is
// checked by go test, by the ginkgo command and by dfcheck, with the same verdicts.
//
//	func TestConformance(t *testing.T) { suite.Run(t, "dfcheck.yaml") }
//
// Specs have labels to filter by: group:POLL, level:MUST, id:DF-POLL-003,
// contract:rfc8628, contract:documented or contract:document (a user's own, which adds
// to RFC 8628), and needs:approve for each capability that the check needs. What a filter leaves
// out is not planned and sends nothing.
//
// The suite sends nothing by itself either. Before the first spec the engine (package
// conformance) prepares a run of the selected checks; it records while the specs wait
// for their verdicts:
//
//   - tree.go: containers, specs and labels
//   - suite.go: the options; configuration.go: what is read before anything is sent
//   - target.go: the server, as the first spec finds it; embedded.go: the reference server
//   - recording.go: a run in progress, and who waits for what
//   - session.go: a verdict, told in Ginkgo's terms; finding.go: its words
//   - conclusion.go: the run as a whole, where dfcheck would have an exit code
//   - conform.go: the same tree for dfcheck, whose console is its own
package suite
