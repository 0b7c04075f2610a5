package checks

import (
	"crypto/x509"
	"slices"
	"testing"

	. "github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/reports"
	"github.com/dfcheck/dfcheck/spec/refserver"
	"github.com/google/go-cmp/cmp"
)

// TestCertificates: on a server that is right, whatever can be judged of its certificates is
// judged, and passes.
func TestCertificates(t *testing.T) {
	skipped := map[string][]string{
		"certifies-itself":             nil,
		"certificate-in-handshake":     nil,
		"certificate-in-jwt":           nil,
		"certificate-refused-by-proxy": nil,
		"client-by-certificate":        nil,
		"pending-before-certificate":   nil,
		"certificate-unbound":          {"DF-MTLS-005"},
		"public-with-certificate":      {"DF-MTLS-002", "DF-MTLS-003", "DF-MTLS-004"},
	}
	for _, v := range refserver.Variants() {
		want, named := skipped[v.Name]
		if !named {
			continue
		}
		delete(skipped, v.Name)
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			var got []string
			b := benchFor(v)
			b.opts.Only = []string{"MTLS"}
			for _, r := range b.conform(t) {
				switch r.Verdict {
				case reports.Skipped:
					got = append(got, r.Check.ID)
				case reports.Pass:
				default:
					t.Error(worse([]Result{r}))
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("skipped (-want +got):\n%s", d)
			}
		})
	}
	for name := range skipped {
		t.Errorf("there is no variant %s", name)
	}
}

// TestImitation: an imitation has all names of a certificate, and no key that anybody knows.
func TestImitation(t *testing.T) {
	for _, selfSigned := range []bool{false, true} {
		c := refserver.NewCertificates(selfSigned)
		fake, err := x509.ParseCertificate(imitation(c.Own).Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		real := c.Own.Leaf
		if !slices.Equal(fake.RawSubject, real.RawSubject) || !slices.Equal(fake.RawIssuer, real.RawIssuer) {
			t.Errorf("the imitation of %s by %s is %s by %s", real.Subject, real.Issuer, fake.Subject, fake.Issuer)
		}
		by := real
		if c.Authority != nil {
			by = c.Authority
		}
		if fake.CheckSignatureFrom(by) == nil || slices.Equal(fake.RawSubjectPublicKeyInfo, real.RawSubjectPublicKeyInfo) {
			t.Error("the imitation is the real one")
		}
	}
}
