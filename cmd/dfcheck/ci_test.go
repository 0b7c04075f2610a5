package main

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dfcheck/dfcheck/reports"
)

// TestContinuousIntegration: each CI system's own variables, as it sets them.
func TestContinuousIntegration(t *testing.T) {
	for name, tt := range map[string]struct {
		env  map[string]string
		want *reports.CI
	}{
		"none":     {map[string]string{"CI": "true", "BUILD_URL": "https://elsewhere.example"}, nil},
		"disabled": {map[string]string{"GITHUB_ACTIONS": "false", "GITHUB_SHA": "abc"}, nil},
		"a push on GitHub": {map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_SHA": "abc", "GITHUB_REF_NAME": "main",
			"GITHUB_HEAD_REF": "", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "7"},
			&reports.CI{System: "GitHub Actions", Commit: "abc", Branch: "main", URL: "https://github.com/a/b/actions/runs/7"}},
		"a pull request on GitHub": {map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_SHA": "abc",
			"GITHUB_REF_NAME": "5/merge",
			"GITHUB_HEAD_REF": "topic"}, &reports.CI{System: "GitHub Actions", Commit: "abc", Branch: "topic"}},
		"GitLab": {map[string]string{"GITLAB_CI": "true", "CI_COMMIT_SHA": "abc", "CI_COMMIT_REF_NAME": "main",
			"CI_JOB_URL":      "https://user:token@gitlab.example/a/-/jobs/1",
			"CI_PIPELINE_URL": "https://gitlab.example/a/-/pipelines/1"},
			&reports.CI{System: "GitLab CI", Commit: "abc", Branch: "main", URL: "https://gitlab.example/a/-/jobs/1"}},
		"Jenkins": {map[string]string{"JENKINS_URL": "https://ci.example/", "GIT_COMMIT": "abc", "GIT_BRANCH": "origin/main",
			"BUILD_URL": "https://ci.example/job/a/1/"},
			&reports.CI{System: "Jenkins", Commit: "abc", Branch: "main", URL: "https://ci.example/job/a/1/"}},
		"CircleCI": {map[string]string{"CIRCLECI": "true", "CIRCLE_SHA1": "abc", "CIRCLE_TAG": "v1",
			"CIRCLE_BUILD_URL": "https://circleci.com/gh/a/b/1"},
			&reports.CI{System: "CircleCI", Commit: "abc", Branch: "v1", URL: "https://circleci.com/gh/a/b/1"}},
		"Buildkite": {map[string]string{"BUILDKITE": "true", "BUILDKITE_COMMIT": "abc", "BUILDKITE_BRANCH": "main",
			"BUILDKITE_BUILD_URL": "https://buildkite.com/a/b/builds/1"},
			&reports.CI{System: "Buildkite", Commit: "abc", Branch: "main", URL: "https://buildkite.com/a/b/builds/1"}},
		"Azure": {map[string]string{"TF_BUILD": "True", "BUILD_SOURCEVERSION": "abc", "BUILD_SOURCEBRANCH": "refs/heads/main",
			"SYSTEM_TEAMFOUNDATIONCOLLECTIONURI": "https://dev.azure.com/a/", "SYSTEM_TEAMPROJECT": "my project",
			"BUILD_BUILDID": "7"},
			&reports.CI{System: "Azure Pipelines", Commit: "abc", Branch: "main",
				URL: "https://dev.azure.com/a/my%20project/_build/results?buildId=7"}},
		"no web address": {map[string]string{"DRONE": "true", "DRONE_BUILD_LINK": "javascript:alert(1)"},
			&reports.CI{System: "Drone"}},
	} {
		if d := cmp.Diff(tt.want, continuousIntegration(func(name string) string { return tt.env[name] })); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// TestRelativeName: a report names the configuration as it is called from the folder
// of the run, and tells of no folder outside.
func TestRelativeName(t *testing.T) {
	here, err := filepath.Abs("sub/dfcheck.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"": "", "dfcheck.yaml": "dfcheck.yaml", "./ci/a.yaml": "ci/a.yaml",
		here: "sub/dfcheck.yaml", filepath.Join(t.TempDir(), "b.yaml"): "b.yaml"} {
		if got := relativeName(path); got != want {
			t.Errorf("%q is called %q, want %q", path, got, want)
		}
	}
}
