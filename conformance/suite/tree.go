package suite

import (
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	"github.com/onsi/gomega"

	"github.com/dfcheck/dfcheck/spec"
)

// title names the suite, and is what Ginkgo puts before a text that --focus and
// --skip match.
const title = "dfcheck conformance"

// describe builds the tree: a container for each group, and in it a spec for each
// check. One process carries them out, in catalogue order. Nothing is sent before
// the first spec that Ginkgo selected: begin is called then.
func describe(ids []string, begin func(ginkgo.SpecContext) error, check func(ginkgo.SpecContext, string)) {
	ginkgo.Describe("device authorization grant", ginkgo.Ordered, ginkgo.Serial, ginkgo.ContinueOnFailure, func() {
		ginkgo.BeforeAll(func(ctx ginkgo.SpecContext) {
			if err := begin(ctx); err != nil {
				ginkgo.Fail(err.Error())
			}
		})
		for _, group := range spec.Groups() {
			reqs := requirements(ids, group)
			if len(reqs) == 0 {
				continue
			}
			ginkgo.Describe(heading(group, reqs), ginkgo.Label("group:"+group), func() {
				for _, r := range reqs {
					ginkgo.It(r.ID+" "+r.Title+" ("+r.Source+")", labels(r), func(ctx ginkgo.SpecContext) { check(ctx, r.ID) })
				}
			})
		}
	})
	gomega.RegisterFailHandler(ginkgo.Fail)
}

// requirements are those of a group among some ids, in catalogue order.
func requirements(ids []string, group string) []spec.Requirement {
	return slices.DeleteFunc(spec.Catalogue(), func(r spec.Requirement) bool {
		return r.Group != group || !slices.Contains(ids, r.ID)
	})
}

// heading is a group with what it is about and the documents its checks rest on.
func heading(group string, reqs []spec.Requirement) string {
	var documents []string
	for _, r := range reqs {
		for source := range strings.SplitSeq(r.Source, "; ") {
			name, _, _ := strings.Cut(source, " section")
			name, _, _ = strings.Cut(name, ",")
			if _, after, ok := strings.Cut(name, "y analogy "); ok {
				name = after
			}
			if !slices.ContainsFunc(documents, func(d string) bool { return strings.EqualFold(d, name) }) {
				documents = append(documents, name)
			}
		}
	}
	return group + ": " + spec.GroupTitle(group) + " (" + strings.Join(documents, ", ") + ")"
}

// labels are what --label-filter chooses by, beside the group.
func labels(r spec.Requirement) ginkgo.Labels {
	out := ginkgo.Labels{"id:" + r.ID, "level:" + r.Level}
	for _, c := range r.Contracts {
		out = append(out, "contract:"+c)
	}
	for _, n := range r.Needs {
		out = append(out, "needs:"+n)
	}
	return out
}

// selected lists the ids of the specs that Ginkgo's filters leave: by label, text
// and file.
func selected(report ginkgo.Report) []string {
	var ids []string
	for _, s := range report.SpecReports {
		for _, label := range s.LeafNodeLabels {
			if id, ok := strings.CutPrefix(label, "id:"); ok && s.State != types.SpecStateSkipped {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
