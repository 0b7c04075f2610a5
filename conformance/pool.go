package conformance

// A Pool is what the secrets of one kind show together: facts that need the
// secrets side by side, measured when recording ends.
type Pool struct {
	Count    int `json:"count"`
	Distinct int `json:"distinct"`
}

// pools measures the secrets of every kind. Secrets that only ever travelled
// to the target (made-up codes) are not part of it.
func (v *vault) pools(x []*Exchange) map[string]Pool {
	return nil
}

// relation says how a user code follows from a device code: contained in it,
// or made from it. Empty when no relation is seen.
func relation(userCode, deviceCode string) string {
	return ""
}
