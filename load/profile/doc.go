// Package profile reads the profiles of crowds: how many devices arrive when, how they
// and their people behave, and what is expected of the server. Profiles are YAML, read
// strictly: an unknown key is an error that names the nearest known one, and all
// problems are reported at once.
//
//   - profile.go: the document, its defaults, and the built-in ones in builtin/;
//   - arrivals.go, timetable.go: when devices come;
//   - delay.go: when people decide;
//   - replay.go: times from CSV files;
//   - limits.go: what is refused.
package profile
