package reports

import "time"

// Schema names this form of the document. Members may be added under the same
// name; a change of what a member means, or its removal, is a new name.
const Schema = "dfcheck/report/v1"

// Report is the document a run ends in: every output format is a function of
// it. It has the sections its run had.
type Report struct {
	Schema      string       `json:"schema"`
	Tool        Tool         `json:"tool"`
	Run         Run          `json:"run"`
	Target      Target       `json:"target"`
	Conformance *Conformance `json:"conformance,omitempty"`
	Load        *Load        `json:"load,omitempty"`
	Capacity    *Capacity    `json:"capacity,omitempty"`
	Plan        *Forecast    `json:"plan,omitempty"`
	Limits      *Limits      `json:"limits,omitempty"`
}

// New returns an empty report of the given kind of run.
func New(kind Kind, version string) *Report {
	return &Report{Schema: Schema, Tool: Tool{Name: "dfcheck", Version: version}, Run: Run{Kind: kind}}
}

// Tool is what made the report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"` // that it was built from, where the build knows
	Date    string `json:"date,omitempty"`   // of the commit, as RFC 3339 says
}

// Kind of a run.
type Kind string

const (
	KindConformance Kind = "conformance"
	KindLoad        Kind = "load"
	KindCapacity    Kind = "capacity"
	KindPlan        Kind = "plan"
	KindLimits      Kind = "limits"
)

// Run tells when the run was and how it ended.
type Run struct {
	Kind       Kind      `json:"kind"`
	ID         string    `json:"id"`
	Started    time.Time `json:"started"`
	DurationMS float64   `json:"duration_ms"`
	ExitCode   int       `json:"exit_code"`
	// Interrupted is set when a person or a signal ended the run early.
	Interrupted bool `json:"interrupted,omitempty"`
	// Problem is what kept the run from doing its work, nil when nothing did.
	Problem *Problem `json:"problem,omitempty"`
	// Config is the configuration file, relative to the folder of the run.
	Config string `json:"config,omitempty"`
	CI     *CI    `json:"ci,omitempty"` // nil when no continuous integration ran it
}

// CI is what continuous integration knows of a run. What it does not tell is empty.
type CI struct {
	System string `json:"system"` // GitHub Actions, GitLab CI, …
	Commit string `json:"commit,omitempty"`
	Branch string `json:"branch,omitempty"` // or tag
	URL    string `json:"url,omitempty"`    // of the CI run
}

// Problem is why a run could not do its work, or not all of it.
type Problem struct {
	Kind    ProblemKind `json:"kind"`
	Message string      `json:"message"`
	Hint    string      `json:"hint,omitempty"` // what the user can do
	Curl    string      `json:"curl,omitempty"` // the request it was seen with
}

// ProblemKind tells whose the problem is.
type ProblemKind string

const (
	ProblemUsage     ProblemKind = "usage"     // flags, configuration, files
	ProblemPreflight ProblemKind = "preflight" // the target cannot be tested
	ProblemApprover  ProblemKind = "approver"  // nobody could be asked to approve
	ProblemDied      ProblemKind = "died"      // the target stopped answering during the run
	ProblemInternal  ProblemKind = "internal"  // dfcheck itself broke
)

// Target is the server the report is about.
type Target struct {
	Host      string   `json:"host"`
	Spec      string   `json:"spec"`                 // name of the contract it was held to
	ChosenBy  string   `json:"chosen_by"`            // flag, metadata, probe or embedded
	ChosenWhy string   `json:"chosen_why,omitempty"` // in words
	Also      []string `json:"also,omitempty"`       // other contracts the host answers
	Issuer    string   `json:"issuer,omitempty"`
	ClientID  string   `json:"client_id,omitempty"`
	Approver  string   `json:"approver,omitempty"` // kind of approver, empty when there was none

	DeviceAuthorizationEndpoint string `json:"device_authorization_endpoint"`
	TokenEndpoint               string `json:"token_endpoint"`
}
