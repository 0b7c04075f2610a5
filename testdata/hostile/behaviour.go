package hostile

import (
	"crypto/tls"
	"net/http"
	"slices"
)

// A Behaviour is one way to mean harm.
type Behaviour struct {
	Name  string
	About string // what the server does, after "it"
	On    string // the places that it spoils; all where it is empty
	// Says is what dfcheck must say of it, a regular expression, where the harm is done
	// to all answers; empty where it says no more than that the answer is no good.
	Says string

	alter  func(*Server, *http.Request, *answer)  // makes another answer
	write  func(*spoilt, *answer) (keep bool)     // writes it in a way of its own
	secure func() (config *tls.Config, ca []byte) // speaks TLS
	silent bool                                   // reads no request
}

// The places of a server.
const (
	Metadata      = "metadata "
	Authorization = "authorization "
	Token         = "token "
	Page          = "page "
	Decision      = "decision "
	Elsewhere     = "elsewhere "
)

// All lists the behaviours.
func All() []Behaviour {
	return slices.Concat(framings, texts, values, places, pages, secured, lives)
}

// Named is the behaviour of a name.
func Named(name string) (b Behaviour, ok bool) {
	all := All()
	i := slices.IndexFunc(all, func(b Behaviour) bool { return b.Name == name })
	if i < 0 {
		return b, false
	}
	return all[i], true
}
