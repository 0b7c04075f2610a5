package spec

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dfcheck/dfcheck/spec/strict"
)

// Contract is what one server promised: the two operations of the device flow
// as an OpenAPI document describes them.
type Contract struct {
	Name  string // documented-v1, documented-v2, rfc8628, or the name of a user's document
	Title string // the document's own title and version

	Family Family

	Start Operation // device authorization (RFC 8628 section 3.1)
	Token Operation // polling (RFC 8628 section 3.4)

	// Source is the document, byte for byte; with the files it refers to where it
	// does. Transcripts keep it, so that a judgement can be repeated.
	Source []byte

	// TokenResponseSlip says that the document gives the start response as
	// the token operation's 200. Token answers are then checked against
	// RFC 6749 section 5.1 instead.
	TokenResponseSlip bool

	// Notes say what was made of the document where it left room: what was
	// assumed, converted or passed over.
	Notes []string
}

// A Family is the part of the catalogue that applies to a contract.
type Family string

const (
	Documented Family = "documented" // the documented API, whose document is the rule
	Standard   Family = "rfc8628"    // RFC 8628 and nothing else
	Document   Family = "document"   // RFC 8628, and what a user's document adds to it
)

// Refreshes reports whether the contract has a refresh grant: the standard one,
// and a document that has its parameter.
func (c *Contract) Refreshes() bool {
	return c.Family == Standard || c.Token.refresh || c.Token.Has("refresh_token")
}

// OperationHints names the operations where a document does not make them
// plain: each a path or an operationId, empty for "find it".
type OperationHints struct {
	Start string `json:"start,omitempty"`
	Token string `json:"token,omitempty"`
	// Path are values for parameters in the paths, such as a tenant.
	Path map[string]string `json:"path,omitempty"`
}

// IsZero reports whether nothing is named.
func (h OperationHints) IsZero() bool { return h.Start == "" && h.Token == "" && len(h.Path) == 0 }

//go:embed openapi/*.yaml
var documents embed.FS

// ContractNames lists the built-in contracts.
func ContractNames() []string {
	return []string{"documented-v1", "documented-v2", "rfc8628"}
}

// BuiltinContract returns a built-in contract. An unknown name is an error
// that names the nearest one.
func BuiltinContract(name string) (*Contract, error) {
	data, err := documents.ReadFile("openapi/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("unknown contract %q; the nearest is %q (%s, or the file name of an OpenAPI document)",
			name, strict.Nearest(name, ContractNames()), strings.Join(ContractNames(), ", "))
	}
	c, _, err := loadContract(name, data, nil, OperationHints{}) // without mistakes, as a test holds
	if err != nil {
		return nil, err
	}
	c.Family = Documented
	if name == "rfc8628" {
		c.Family = Standard
	}
	c.Start.family, c.Token.family = c.Family, c.Family
	return c, nil
}

// LoadContract reads a user's OpenAPI 3.x or Swagger 2.0 document, YAML or JSON,
// that stands alone. Each of the two operations is found by its hint, else by what
// its path, its request and its answers say. When that leaves none or several, the
// error lists the candidates. A mistake anywhere else in the document is a note.
func LoadContract(name string, data []byte, hints OperationHints) (*Contract, error) {
	return lookedOver(loadContract(name, data, nil, hints))
}

// lookedOver adds to a contract's notes what is wrong with its document.
func lookedOver(c *Contract, doc *document, err error) (*Contract, error) {
	if err == nil {
		doc.overlook()
		c.Notes = doc.notes
	}
	return c, err
}

// OpenContract returns the built-in contract of that name, or reads the file of
// that name.
func OpenContract(name string, hints OperationHints) (*Contract, error) {
	if slices.Contains(ContractNames(), name) {
		return BuiltinContract(name)
	}
	c, err := LoadContractFile(name, hints)
	if errors.Is(err, fs.ErrNotExist) {
		_, unknown := BuiltinContract(name)
		err = fmt.Errorf("%w; as a file: %w", unknown, err)
	}
	return c, err
}

// LoadContractFile reads a document as LoadContract does, with the files beside it
// that it refers to. Source holds all that was read.
func LoadContractFile(name string, hints OperationHints) (*Contract, error) {
	data, err := readBounded(name)
	if err != nil {
		return nil, err
	}
	return lookedOver(loadContract(name, data, func(beside string) ([]byte, error) {
		return readBounded(filepath.Join(filepath.Dir(name), filepath.FromSlash(beside)))
	}, hints))
}

// readBounded reads a file up to the size of a document.
func readBounded(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a file", name)
	case info.Size() > maxDocument:
		return nil, fmt.Errorf("%s is larger than %d bytes", name, maxDocument)
	}
	return os.ReadFile(name)
}

func loadContract(name string, data []byte, read reader, hints OperationHints) (*Contract, *document, error) {
	doc, err := loadDocument(data, read)
	if err != nil {
		return nil, nil, fmt.Errorf("contract %q: %w", name, err)
	}
	c := &Contract{Name: name, Title: doc.title(), Family: Document}
	c.Start.family, c.Token.family = c.Family, c.Family
	if err := c.describe(doc, hints); err != nil {
		return nil, nil, fmt.Errorf("contract %q: %w", name, err)
	}
	c.Notes = doc.notes
	c.Source, err = doc.source(data)
	return c, doc, err
}

// describe finds the two operations and reads what the document says of them.
func (c *Contract) describe(doc *document, hints OperationHints) error {
	start, token, err := pair(doc.candidates(), hints)
	if err != nil {
		if a, b := doc.flow(); a != "" {
			err = OperationError(fmt.Sprintf("%v; its security schemes name the endpoints %s and %s: "+
				"--spec rfc8628 with these checks the server by the standards alone", err, a, b))
		}
		return err
	}
	ofStart, _ := start.named(hints.Start)
	ofToken, _ := token.named(hints.Token)
	clear(doc.files.unresolved) // what follows is what the operations reach
	c.Token.token = true
	if err := c.Start.describe(doc, start, overlaid(ofToken, hints.Path, ofStart)); err != nil {
		return err
	}
	if err := c.Token.describe(doc, token, overlaid(ofStart, hints.Path, ofToken)); err != nil {
		return err
	}
	for _, ref := range slices.Sorted(maps.Keys(doc.files.unresolved)) {
		doc.note("the operations refer to %s, which cannot be read: %s", ref, doc.files.unresolved[ref])
	}
	for _, remark := range token.remarks() {
		doc.note("%s", remark)
	}
	if token.startShaped() && !token.has("access_token") {
		return c.mendSlip(doc)
	}
	for _, text := range []string{startRole.remark(start), tokenRole.remark(token)} {
		if text != "" {
			doc.note("%s", text)
		}
	}
	return nil
}

// mendSlip puts the answer of RFC 6749 where the token operation has that of device
// authorization.
func (c *Contract) mendSlip(doc *document) error {
	standard, err := BuiltinContract("rfc8628")
	if err != nil {
		return err
	}
	c.TokenResponseSlip = true
	for status := range c.Token.answers {
		if strings.HasPrefix(status, "2") {
			c.Token.answers[status] = standard.Token.answers["200"]
		}
	}
	doc.note("the token operation declares the answer of device authorization: " +
		"tokens are held against RFC 6749 section 5.1")
	return nil
}

// overlaid joins maps, the later ones winning.
func overlaid(all ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range all {
		maps.Copy(out, m)
	}
	return out
}

// pair finds both operations. The one that is named helps to find the other.
func pair(all []*candidate, hints OperationHints) (start, token *candidate, err error) {
	if hints.Token != "" && hints.Start == "" {
		if token, err = locate(all, tokenRole, hints.Token, nil); err != nil {
			return nil, nil, err
		}
		start, err = locate(all, startRole, "", token)
		return start, token, err
	}
	if start, err = locate(all, startRole, hints.Start, nil); err != nil {
		return nil, nil, err
	}
	token, err = locate(all, tokenRole, hints.Token, start)
	return start, token, err
}
