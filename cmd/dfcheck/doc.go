// Command dfcheck finds out whether a device-flow server conforms to RFC 8628, and
// how many devices it supports. It knows no protocol: it reads flags, calls the
// packages that do, prints, and exits.
//
// A map:
//
//   - main.go, root.go, words.go, quantity.go: the tree of commands, and what a command
//     line may say;
//   - ui.go, secrecy.go: everything that is printed passes through here;
//   - progress.go, status.go: how far a run is; watch.go, listen.go: the same for others,
//     over HTTP;
//   - target.go, embedded.go, certificate.go: the server that a command is about;
//   - conformance.go, judge.go, waivers.go, checks.go: checking a server;
//   - init.go, init_config.go, doctor.go, approve.go, spec.go: on the way to a first run;
//   - load.go, load_target.go, load_capacity.go, load_plan.go, limits.go: loading a server;
//   - report.go, report_matrix.go: reports that were written before;
//   - serve.go: the reference server for authors of clients.
package main
