package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dfcheck/dfcheck/conformance"
	"github.com/dfcheck/dfcheck/load/forecast"
	"github.com/dfcheck/dfcheck/load/kubernetes"
	"github.com/dfcheck/dfcheck/load/profile"
	"github.com/dfcheck/dfcheck/load/shard"
	"github.com/dfcheck/dfcheck/reports"
)

// kubernetesFlags say how a run becomes a Job.
type kubernetesFlags struct {
	job  kubernetes.Job
	own  *pflag.FlagSet // those of a Job, which no shard gets
	host string         // that is loaded
	rate float64        // requests a second that are to be expected of all shards
}

func (k *kubernetesFlags) add(fs *pflag.FlagSet) {
	k.own = pflag.NewFlagSet("", pflag.ContinueOnError)
	k.job.StartTimeout = shard.DefaultTimeout
	k.own.StringVar(&k.job.Image, "image", "", "`IMAGE` of dfcheck, where the cluster can fetch it")
	k.own.StringVar(&k.job.Name, "name", "", "name of the Job (default "+defaultJob+"; of a run, with its time)")
	k.own.StringVar(&k.job.CPU, "cpu", "",
		"processors of a shard, such as 2 or 500m (default: by the load that it sends)")
	k.own.StringVar(&k.job.Memory, "memory", "",
		"memory of a shard, such as 512Mi (default: by the devices that it has)")
	k.own.StringVar(&k.job.Claim, "claim", "",
		"volume `CLAIM` that is there, for the files of the shards (default: one is made)")
	k.own.StringVar(&k.job.StorageClass, "storage-class", "",
		"storage `CLASS` of the claim that is made (default: that of the cluster)")
	k.own.StringVar(&k.job.AccessMode, "access-mode", "ReadWriteMany",
		"of the claim that is made; ReadWriteOnce is enough on one node")
	k.own.StringVar(&k.job.Secret, "secret", "",
		"`SECRET` of the cluster that holds the environment variables which the configuration names")
	k.own.Var(duration(&k.job.StartTimeout), "start-timeout",
		"how long the shards wait for each other and for the start")
	fs.AddFlagSet(k.own)
}

// defaultJob is what a Job is called.
const defaultJob = "dfcheck"

// kubernetesFlush is how often the pods say how far they are.
const kubernetesFlush = 5 * time.Second

// describe makes a Job of the flags, the configuration and the profile.
func (k *kubernetesFlags) describe(cmd *cobra.Command, f *loadFlags, t terminal, notPassed ...string) (*kubernetes.Job,
	*profile.Profile, error) {
	c, err := f.read(t)
	if err != nil {
		return nil, nil, err
	}
	p, err := f.crowd(cmd)
	if f.shards == 0 {
		err = errors.Join(err, errors.New("--shards is missing: into how many parts the crowd is divided"))
	}
	if k.job.Image == "" {
		err = errors.Join(err, errors.New("--image is missing: the image of dfcheck, where the cluster can fetch it"))
	}
	if err := errors.Join(err, inCluster(c, f)); err != nil {
		return nil, nil, usage(err, fmt.Sprintf("`%s --help` lists the flags; cmd/dfcheck/Containerfile makes the image",
			cmd.CommandPath()))
	}
	p = p.WithDefaults()
	j := k.job
	j.Shards, j.Flush = f.shards, kubernetesFlush
	j.Duration, j.Timeout = time.Duration(p.Duration), time.Duration(p.Timeout)
	if j.Variables, err = variables(c, f.configured); err != nil {
		return nil, nil, usage(err, "")
	}
	if len(j.Variables) > 0 && j.Secret == "" {
		return nil, nil, usage(fmt.Errorf("the configuration names %s of the environment, which the pods have from a "+
			"Secret of the cluster; --secret names it", strings.Join(j.Variables, ", ")),
			"`kubectl create secret generic dfcheck-secrets --from-env-file=FILE` makes one, of lines NAME=VALUE")
	}
	if err := j.Gather(f.filesOf(c, p)...); err != nil {
		return nil, nil, usage(err, "")
	}
	k.own.VisitAll(func(flag *pflag.Flag) { notPassed = append(notPassed, flag.Name) })
	j.Args = passedOn(cmd.Flags(), append(notPassed, "shards", "config", "report", "keep-going")...)
	if f.configured != "" {
		j.Args = append(j.Args, "--config="+filepath.ToSlash(filepath.Clean(f.configured)))
	}
	k.host, k.rate = c.Host, expectedRate(p)
	j.CPU = cmp.Or(j.CPU, processors(k.rate/float64(j.Shards)))
	j.Memory = cmp.Or(j.Memory, memory(p.Devices/j.Shards))
	return &j, p, nil
}

// inCluster says what of a run cannot be in a pod, or must not be started there.
func inCluster(c *conformance.Config, f *loadFlags) error {
	if c.Host == "" {
		return errors.New("--host is missing: a pod has no embedded server")
	}
	if k := c.Approve.Kind; slices.Contains([]string{"exec", "browser", "prompt"}, k) {
		return fmt.Errorf("approve: kind %s needs what the pods do not have, a program or a person; "+
			"form, http and none work there", k)
	}
	for _, client := range clientsOf(c) {
		if key := keyFile(client); key != "" {
			return fmt.Errorf("the private key of %s is in %s, a file of this machine, and is not copied into the cluster; "+
				"name a variable with key_env, which the pods have from a Secret", client.ID, key)
		}
	}
	host, err := conformance.NormalHost(c.Host)
	if err != nil {
		return err
	}
	u, err := url.Parse(host)
	if err != nil {
		return err
	}
	name := u.Hostname()
	switch ip := net.ParseIP(name); {
	case name == "localhost" || ip != nil && ip.IsLoopback():
		return fmt.Errorf("%s is each pod itself; name the server as the pods reach it", name)
	case !slices.Contains(append(c.AllowHosts, f.allowHosts...), name):
		return fmt.Errorf("load would go to %s; if you are allowed to load that server: --allow-host %s", name, name)
	}
	return nil
}

// clientsOf are the clients that a configuration names.
func clientsOf(c *conformance.Config) []*conformance.ClientConfig {
	all := []*conformance.ClientConfig{&c.Client, c.SecondClient, c.RestrictedClient, c.ConfidentialClient}
	return slices.DeleteFunc(all, func(client *conformance.ClientConfig) bool { return client == nil })
}

// keyFile is the file with a client's private key, "" where there is none: the one that the
// configuration names, or that of the certificate, which may hold both.
func keyFile(c *conformance.ClientConfig) string {
	if c.Key != "" || c.Cert == "" || c.KeyEnv != "" {
		return c.Key
	}
	return c.Cert
}

// variables of the environment that a configuration names.
func variables(c *conformance.Config, path string) ([]string, error) {
	names := map[string]bool{}
	for _, client := range clientsOf(c) {
		names[client.SecretEnv], names[client.KeyEnv] = true, true
	}
	if c.Introspection != nil {
		names[c.Introspection.Client.SecretEnv] = true
	}
	if path != "" {
		inValues, err := conformance.ConfigVariables(path)
		if err != nil {
			return nil, err
		}
		for _, name := range inValues {
			names[name] = true
		}
	}
	delete(names, "")
	return slices.Sorted(maps.Keys(names)), nil
}

// filesOf are the files that flags, configuration and profile name.
func (f *loadFlags) filesOf(c *conformance.Config, p *profile.Profile) []string {
	files := []string{f.configured, c.TLS.CAFile}
	for _, client := range clientsOf(c) {
		files = append(files, client.Cert)
	}
	if info, err := os.Stat(c.Spec); err == nil && info.Mode().IsRegular() {
		files = append(files, c.Spec)
	}
	if _, err := profile.Source(f.profile); f.profile == "" || err == nil {
		return files
	}
	files = append(files, f.profile)
	replayed := []string{p.Arrivals.File}
	for _, g := range p.Groups {
		replayed = append(replayed, g.People.Delay.File)
	}
	for _, file := range replayed {
		if file != "" && !filepath.IsAbs(file) {
			file = filepath.Join(filepath.Dir(f.profile), file)
		}
		files = append(files, file)
	}
	return files
}

// expectedInterval is what most servers announce; the real one is known in the pods.
const expectedInterval = 5 * time.Second

// expectedRate is how many requests a second a crowd sends at its height.
func expectedRate(p *profile.Profile) float64 {
	m := forecast.Model{Devices: uint64(p.Devices), Interval: expectedInterval, Lifetime: 10 * time.Minute,
		Latency: 20 * time.Millisecond, Profile: p}
	r, err := m.Forecast()
	if err != nil {
		return 0
	}
	return r.Rates.RequestsPerSecond
}

// What a request costs, and how much of its processors a shard should take: so
// that it is not the limit. README.md has the measurements.
const (
	requestCost = 20e-6 // seconds of a processor
	headroom    = 0.7
)

// processors of a shard that sends so many requests a second: whole ones, of which
// none is shared with others on the node.
func processors(rate float64) string {
	return fmt.Sprint(max(int(math.Ceil(rate*requestCost/headroom)), 1))
}

// What a device and a shard without devices take, in bytes, with room to spare.
const (
	deviceMemory = 512
	shardMemory  = 256 << 20
)

// memory of a shard with so many devices.
func memory(devices int) string { return fmt.Sprintf("%dMi", (shardMemory+devices*deviceMemory)>>20) }

// announce says what will be put on whom.
func (k *kubernetesFlags) announce(t terminal, j *kubernetes.Job, p *profile.Profile) {
	t.note("%d devices of profile %s poll %s for %s, "+
		"with about %.0f requests a second if it announces an interval of %s",
		p.Devices, p.Name, reports.Legible(k.host), p.Duration, k.rate, expectedInterval)
	t.note("in %d pods, each with %s CPU and %s of memory for about %.0f requests a second",
		j.Shards, j.CPU, j.Memory, k.rate/float64(j.Shards))
}
