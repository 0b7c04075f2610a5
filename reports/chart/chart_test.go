package chart

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestAxes(t *testing.T) {
	names := func(a Axis) (out []string) {
		for _, v := range a.Ticks {
			out = append(out, a.Name(v))
		}
		return out
	}
	for _, tt := range []struct {
		axis Axis
		want string
	}{
		{NewLinear(97, 4, ""), "0 50 100"},
		{NewLinear(100, 4, " %"), "0 % 50 % 100 %"},
		{NewLinear(0, 4, ""), "0 0.5 1"},
		{NewLinear(995_860, 4, ""), "0 500k 1M"},
		{NewLog(0.3, 240, " ms"), "0.1 ms 1 ms 10 ms 100 ms 1000 ms"},
		{NewLog(5, 5, ""), "1 10"},
		{NewTime(45, 6), "0 s 10 s 20 s 30 s 40 s"},
		{NewTime(600, 6), "0 min 2 min 4 min 6 min 8 min 10 min"},
		{NewTime(86_400, 6), "0 h 6 h 12 h 18 h 24 h"},
		{NewTime(10*86_400, 6), "0 h 48 h 96 h 144 h 192 h 240 h"},
		{NewQuantile(5000), "0 % 50 % 90 % 99 % 99.9 %"},
		{NewQuantile(0), "0 % 50 % 90 %"},
	} {
		if got := strings.Join(names(tt.axis), " "); got != tt.want {
			t.Errorf("ticks %q, want %q", got, tt.want)
		}
	}
}

func TestPlaces(t *testing.T) {
	for _, tt := range []struct {
		axis Axis
		v    float64
		want float64
	}{
		{NewLinear(100, 4, ""), 25, 0.25},
		{NewLinear(100, 4, ""), 1e9, 1},
		{NewLog(1, 100, ""), 10, 0.5},
		{NewLog(1, 100, ""), 0, 0},
		{Axis{Kind: Quantile, Top: 0.99}, 0.9, 0.5},
		{Axis{}, 3, 0},
	} {
		if got := tt.axis.At(tt.v); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%v stands at %v, want %v", tt.v, got, tt.want)
		}
	}
}

// Long lines keep their ends, their peaks, and one point in each place.
func TestThin(t *testing.T) {
	c := &Chart{Lines: []Line{{}, {}}}
	for i := range 86_400 {
		c.At = append(c.At, float64(i))
		c.Lines[0].Values = append(c.Lines[0].Values, math.Sin(float64(i)/1000))
		c.Lines[1].Values = append(c.Lines[1].Values, 0)
	}
	c.Lines[1].Values[40_000], c.Lines[0].Values[7] = 9, math.NaN()
	c.Thin()
	n := len(c.At)
	if n > 3*maxPoints || len(c.Lines[0].Values) != n || c.At[0] != 0 || c.At[n-1] != 86_399 || !slices.IsSorted(c.At) {
		t.Errorf("%d points from %v to %v", n, c.At[0], c.At[n-1])
	}
	if !slices.Contains(c.Lines[1].Values, 9) {
		t.Error("the peak is gone")
	}
}

// The drawing escapes names, leaves a gap where nothing was measured, and the data
// has a null there.
func TestChart(t *testing.T) {
	c := &Chart{Title: "<b>", X: NewTime(3, 6), Y: NewLinear(10, 4, " ms"), At: []float64{0, 1, 2, 3},
		Lines: []Line{{Name: "p99 & more", Class: "s1", Values: []float64{1, math.NaN(), 5, 10}}},
		Marks: []Mark{{"p99 < 8ms", 8, true}}, Edges: []Edge{{`"evening"`, 2}}, Low: 1, High: 2}
	svg := string(c.SVG())
	for _, want := range []string{"&lt;b&gt;: p99 &amp; more from 1 ms to 10 ms; p99 &lt; 8ms",
		`cx="58" cy="201.4" r="2"`,
		`d="M356.7 119L506 16"`,
		`class="mark missed"`, "&#34;evening&#34;", `class="band"`} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %s in %s", want, svg)
		}
	}
	text, err := json.Marshal(c.Data())
	if err != nil || !strings.Contains(string(text), `"values":[1,null,5,10]`) {
		t.Errorf("%s, %v", text, err)
	}
	c.Stacked = true
	if svg := string(c.SVG()); strings.Contains(svg, "NaN") || !strings.Contains(svg, `class="area s1"`) {
		t.Errorf("stacked: %s", svg)
	}
}

func TestLibrary(t *testing.T) {
	script, style, ok := Library()
	if !ok || !strings.Contains(script, "uPlot") || !strings.Contains(style, ".uplot") {
		t.Error("vegeta's plot package no longer carries uPlot")
	}
}
