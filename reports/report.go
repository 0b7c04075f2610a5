package reports

// Finding is one deviation a check found, with the exchanges that show it.
type Finding struct {
	Expected  string   `json:"expected"`
	Actual    string   `json:"actual"`
	Exchanges []string `json:"exchanges"`
}
