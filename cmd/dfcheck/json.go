package main

import (
	"encoding/json"
	"io"

	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/load/threshold"
	"github.com/dfcheck/dfcheck/spec"
)

// What --json prints in place of a list. Members may be added.
type (
	listedCheck struct {
		ID        string   `json:"id"`
		Group     string   `json:"group"`
		Level     string   `json:"level"`
		Title     string   `json:"title"`
		Source    string   `json:"source"`
		Contracts []string `json:"contracts"`
		Needs     []string `json:"needs"`   // capabilities
		Rulings   []string `json:"rulings"` // ids
		Rationale string   `json:"rationale"`
		How       string   `json:"how"`
		Fails     string   `json:"fails"`
		Warns     string   `json:"warns"`
		Undecided string   `json:"undecided"`
		Remedy    string   `json:"remedy"`
		Since     string   `json:"since"` // the requirement set with which it came
		// Provisional checks are reported and do not count yet.
		Provisional bool   `json:"provisional"`
		URL         string `json:"url"`
	}
	listedGroup struct {
		Name   string `json:"name"`
		Title  string `json:"title"`
		Checks int    `json:"checks"`
	}
	listedProfile struct {
		Name        string `json:"name"`
		Description string `json:"description"`
		Devices     int    `json:"devices"`
		Duration    string `json:"duration"`
	}
	listedMeasure struct {
		Name      string `json:"name"`
		Unit      string `json:"unit"`
		About     string `json:"about"`
		Quantiles bool   `json:"quantiles"` // it needs one: poll.p99
		Parts     bool   `json:"parts"`     // it can be that of a group or a stage
	}
)

// printJSON prints a document as programs read it.
func printJSON(w io.Writer, document any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(document)
}

// listed is a list of requirements with all that the catalogue says of them.
func listed(all []spec.Requirement) []listedCheck {
	out := []listedCheck{}
	for _, r := range all {
		out = append(out, listedCheck{r.ID, r.Group, r.Level, r.Title, r.Source, notNull(r.Contracts), notNull(r.Needs),
			notNull(r.Rulings), r.Rationale, r.How, r.Fails, r.Warns, r.Undecided, r.Remedy,
			r.Since, r.Provisional, r.URL()})
	}
	return out
}

func notNull(list []string) []string { return append([]string{}, list...) }

// listedProfiles are the built-in profiles.
func listedProfiles() ([]listedProfile, error) {
	out := []listedProfile{}
	for _, name := range profile.Names() {
		p, err := profile.Load(name)
		if err != nil {
			return nil, err
		}
		p = p.WithDefaults()
		out = append(out, listedProfile{name, p.Description, p.Devices, p.Duration.String()})
	}
	return out, nil
}

// listedMeasures are the figures that a threshold can limit.
func listedMeasures() []listedMeasure {
	out := []listedMeasure{}
	for _, m := range threshold.Measures() {
		out = append(out, listedMeasure{m.Name, m.Unit, m.About, m.Spread, m.Parts})
	}
	return out
}
