// Package conformance is the engine: it records what a server answers, and judges
// the recording. It is handed the checks and knows none of them; they stand in
// package checks, whose words are the exported names of this package.
//
// A run has four parts. Prepare speaks to the target once and makes a plan.
// Record carries out scenarios, each with its own device codes and all side
// by side, and writes down every exchange. A judge reads what was recorded and
// nothing else, so that a saved transcript gives the same verdicts. A section of a
// report holds them; package suite shows the four as a Ginkgo suite.
//
// A map:
//
//   - target.go, client.go, host.go, config.go, config_words.go, request.go: the server, and
//     what is known of it beforehand;
//   - plan.go, preflight.go, record.go, run.go: a run, from its plan to its verdicts;
//   - check.go, scenario.go, flow.go, call.go, steps.go, rounds.go: what a check and a scenario
//     can say;
//   - session.go, session_record.go, redactor.go: the client that records, without secrets;
//   - transcript.go, saved.go: the recording, and its file;
//   - evidence.go, judgement.go, judge.go, rules.go, values.go: what a judge sees and says;
//   - codes.go, evictions.go: who got which codes, codes that nobody got, and stores that end
//     the oldest;
//   - pace.go, infrastructure.go, outage.go, lenient.go, gaps.go: what holds for every check;
//   - person.go, decisions.go: people who decide, what they get to see, and what becomes of late
//     decisions;
//   - asked.go, report.go, drawn.go, mitigation.go: what a reader is told.
//
// Package discovery finds the contract and the endpoints of a server, package traits
// measures secrets, package waiver knows the failures that somebody lives with.
//
// Conventions that scenarios and judges keep (rule C1 and so on) stand in
// spec/conventions.yaml.
package conformance
