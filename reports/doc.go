// Package reports is the versioned document that every run ends in, and its
// renderings. A run fills in the sections it has; a rendering is a function of the
// document alone, so that a saved report can be rendered years later.
//
// A map:
//
//   - report.go, conformance.go, finding.go, gap.go: the document of a conformance run;
//   - load.go, load_shard.go, load_client.go, load_errors.go, capacity.go, forecast.go, limits.go:
//     its sections for load;
//   - distribution.go, number.go, legible.go: figures, and texts that a server made;
//   - verdict.go, exit.go: from better to worse, and what a process says of them;
//   - format.go: the renderings by name, in junit.go and junit_case.go, markdown.go,
//     html.go and text.go;
//   - section.go, load_block.go, capacity_block.go, forecast_block.go, limits_block.go: what the formats
//     of text say of each section, in the words and tables of block.go;
//   - sarif.go and sarif_rule.go, har.go, csv.go, badge.go: renderings for programs;
//   - evidence.go: an exchange as people read it;
//   - html*.go, headline.go, citations.go, drawing.go, page/: what the HTML page shows, and how;
//   - flow.go: lives of device codes, for the drawing;
//   - lines.go: checks as their verdicts become known;
//   - history.go, retest.go: conformance runs after each other, and again;
//   - compare*.go, comparable.go: runs before and now; what they are tested by is package shift;
//   - mitigation.go: the inventory for a risk assessment;
//   - matrix*.go: servers beside each other;
//   - guard.go: nothing is written that holds a secret (package redact);
//   - schema.go: the JSON Schema of the document.
package reports
