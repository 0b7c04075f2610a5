package main

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/dfcheck/dfcheck/reports"
)

// ciSystems are where a run can find out what it is a run of: the variable that
// each system alone sets, and those with the commit, the branch and the page of the
// CI run. Of several variables the first that is set counts.
var ciSystems = []struct {
	name, sign          string
	commit, branch, url []string
}{
	{"GitHub Actions", "GITHUB_ACTIONS", []string{"GITHUB_SHA"}, []string{"GITHUB_HEAD_REF", "GITHUB_REF_NAME"}, nil},
	{"GitLab CI", "GITLAB_CI", []string{"CI_COMMIT_SHA"},
		[]string{"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_COMMIT_REF_NAME"}, []string{"CI_JOB_URL", "CI_PIPELINE_URL"}},
	{"Jenkins", "JENKINS_URL", []string{"GIT_COMMIT"}, []string{"CHANGE_BRANCH", "BRANCH_NAME", "GIT_BRANCH"},
		[]string{"BUILD_URL"}},
	{"CircleCI", "CIRCLECI", []string{"CIRCLE_SHA1"}, []string{"CIRCLE_BRANCH", "CIRCLE_TAG"},
		[]string{"CIRCLE_BUILD_URL"}},
	{"Buildkite", "BUILDKITE", []string{"BUILDKITE_COMMIT"}, []string{"BUILDKITE_BRANCH"},
		[]string{"BUILDKITE_BUILD_URL"}},
	{"Azure Pipelines", "TF_BUILD", []string{"BUILD_SOURCEVERSION"},
		[]string{"SYSTEM_PULLREQUEST_SOURCEBRANCH", "BUILD_SOURCEBRANCH"}, nil},
	{"Bitbucket Pipelines", "BITBUCKET_BUILD_NUMBER", []string{"BITBUCKET_COMMIT"},
		[]string{"BITBUCKET_BRANCH", "BITBUCKET_TAG"}, nil},
	{"Travis CI", "TRAVIS", []string{"TRAVIS_COMMIT"}, []string{"TRAVIS_PULL_REQUEST_BRANCH", "TRAVIS_BRANCH"},
		[]string{"TRAVIS_JOB_WEB_URL", "TRAVIS_BUILD_WEB_URL"}},
	{"Woodpecker CI", "CI_PIPELINE_FORGE_URL", []string{"CI_COMMIT_SHA"}, []string{"CI_COMMIT_SOURCE_BRANCH",
		"CI_COMMIT_BRANCH"}, []string{"CI_PIPELINE_URL"}},
	{"Drone", "DRONE", []string{"DRONE_COMMIT_SHA"}, []string{"DRONE_SOURCE_BRANCH", "DRONE_BRANCH"},
		[]string{"DRONE_BUILD_LINK"}},
	{"TeamCity", "TEAMCITY_VERSION", []string{"BUILD_VCS_NUMBER"}, nil, []string{"BUILD_URL"}},
	{"AppVeyor", "APPVEYOR", []string{"APPVEYOR_REPO_COMMIT"}, []string{"APPVEYOR_PULL_REQUEST_HEAD_REPO_BRANCH",
		"APPVEYOR_REPO_BRANCH"}, nil},
}

// continuousIntegration is what the environment tells of the CI run that this is
// part of, nil outside of one.
func continuousIntegration(env func(string) string) *reports.CI {
	first := func(names []string) string {
		for _, name := range names {
			if v := env(name); v != "" {
				return v
			}
		}
		return ""
	}
	for _, s := range ciSystems {
		if off := env(s.sign); off == "" || strings.EqualFold(off, "false") {
			continue
		}
		branch := first(s.branch)
		for _, prefix := range []string{"refs/heads/", "refs/tags/", "origin/"} {
			branch = strings.TrimPrefix(branch, prefix)
		}
		return &reports.CI{System: s.name, Commit: first(s.commit), Branch: branch,
			URL: publicURL(cmp.Or(first(s.url), assembledURL(s.name, env)))}
	}
	return nil
}

// assembledURL is the page of a CI run whose address no variable has.
func assembledURL(system string, env func(string) string) string {
	var parts []string
	switch system {
	case "GitHub Actions":
		parts = []string{env("GITHUB_SERVER_URL"), "/", env("GITHUB_REPOSITORY"), "/actions/runs/", env("GITHUB_RUN_ID")}
	case "Azure Pipelines":
		parts = []string{env("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI"), url.PathEscape(env("SYSTEM_TEAMPROJECT")),
			"/_build/results?buildId=", env("BUILD_BUILDID")}
	case "Bitbucket Pipelines":
		parts = []string{env("BITBUCKET_GIT_HTTP_ORIGIN"), "/pipelines/results/", env("BITBUCKET_BUILD_NUMBER")}
	case "AppVeyor":
		parts = []string{env("APPVEYOR_URL"), "/project/", env("APPVEYOR_ACCOUNT_NAME"), "/", env("APPVEYOR_PROJECT_SLUG"),
			"/builds/", env("APPVEYOR_BUILD_ID")}
	}
	for _, p := range parts {
		if p == "" {
			return ""
		}
	}
	return strings.Join(parts, "")
}

// publicURL is a web address without a password in it, empty when it is none.
func publicURL(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return ""
	}
	u.User = nil
	return u.String()
}
