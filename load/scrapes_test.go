package load

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/reports"
)

// The server's own metrics stand in the seconds in which they were looked at; what was
// not found is said.
func TestScrape(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := crowdOf(20)
		p.Duration = profile.Duration(22 * time.Second)
		looks := 0
		read := func(context.Context) (map[string]float64, error) {
			if looks++; looks == 2 {
				return nil, errors.New("it answered with status 503")
			}
			return map[string]float64{"goroutines": float64(looks)}, nil
		}
		runOn(t, quick(), documented(t), p, Options{Scrape: read}, func(t *testing.T, l *reports.Load) {
			found := map[int]float64{}
			for _, s := range l.Timeline {
				if v, ok := s.Server["goroutines"]; ok {
					found[s.Second] = v
				}
			}
			if looks != 5 || len(found) != 4 || found[0] != 1 || found[10] != 3 || found[20] != 5 {
				t.Errorf("%d looks, and in the time line %v", looks, found)
			}
			const note = "1 look at the server's own metrics found nothing, the last because it answered with status 503"
			if !slices.Contains(l.Notes, note) {
				t.Errorf("%q", l.Notes)
			}
		})
	})
}
