package reports

import (
	"fmt"
	"html/template"
	"io"
	"unicode/utf8"
)

// The colours of a badge, dark enough for white text.
const (
	badgeGreen = "#2b7a3d"
	badgeAmber = "#8a5a00"
	badgeRed   = "#b3261e"
	badgeGrey  = "#5c6066"
)

var badgeTemplate = template.Must(template.New("badge").Parse(
	`<svg xmlns="http://www.w3.org/2000/svg" width="{{.Width}}" height="20" role="img"
aria-label="{{.Label}}: {{.Message}}">
<title>{{.Label}}: {{.Message}}</title>
<clipPath id="r"><rect width="{{.Width}}" height="20" rx="3"/></clipPath>
<g clip-path="url(#r)"><rect width="{{.Left}}" height="20" fill="#444"/>
<rect x="{{.Left}}" width="{{.Right}}" height="20" fill="{{.Colour}}"/></g>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="6" y="14" textLength="{{.LeftText}}">{{.Label}}</text>
<text x="{{.MessageAt}}" y="14" textLength="{{.RightText}}">{{.Message}}</text></g>
</svg>
`))

// writeBadge draws the verdict of a run as a small picture. It is green when the exit
// code is 0 and something passed, and never else.
func writeBadge(w io.Writer, r *Report) error {
	label := "device flow"
	if r.Run.Kind != KindConformance {
		label += " " + string(r.Run.Kind)
	}
	message, colour := r.badge()
	left, right := textWidth(label), textWidth(message)
	return badgeTemplate.Execute(w, map[string]any{"Label": label, "Message": message, "Colour": colour,
		"LeftText": left, "RightText": right, "Left": left + 12, "Right": right + 12, "Width": left + right + 24,
		"MessageAt": left + 18})
}

// textWidth is about how wide a text is, in pixels.
func textWidth(s string) int { return 13 * utf8.RuneCountInString(s) / 2 }

func (r *Report) badge() (message, colour string) {
	switch r.Run.ExitCode {
	case ExitOK:
		return r.badgeOK()
	case ExitFailed:
		if c := r.Conformance; c != nil && c.Summary.Fail > 0 {
			return fmt.Sprintf("%d failed", c.Summary.Fail), badgeRed
		}
		return "failed", badgeRed
	case ExitUndecided:
		return "not all judged", badgeAmber
	case ExitStaleWaiver:
		return "stale waiver", badgeAmber
	}
	return "not tested", badgeGrey
}

// badgeOK is the badge of a run that nothing failed in.
func (r *Report) badgeOK() (message, colour string) {
	switch c, l := r.Conformance, r.Load; {
	case c != nil && c.Summary.Pass == 0:
		return "nothing passed", badgeGrey
	case c != nil:
		s := c.Summary
		judged := s.Total() - s.Skipped
		message, colour = fmt.Sprintf("%d of %d passed", s.Pass, judged), badgeGreen
		if s.Pass < judged {
			colour = badgeAmber
		}
		return message, colour
	case l != nil:
		return fmt.Sprintf("%s requests/s, %s %% errors", figure(l.Requests.PerSecond), figure(100*l.ErrorRate)), badgeGreen
	case r.Capacity != nil:
		return plural(r.Capacity.Devices, "device"), badgeGreen
	}
	return "nothing tested", badgeGrey
}
