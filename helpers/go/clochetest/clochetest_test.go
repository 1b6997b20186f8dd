package clochetest_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cloche/helpers/go/clochetest"
)

func TestMain(m *testing.M) {
	os.Exit(clochetest.Main(m, func(c *clochetest.Cloche) error {
		_, err := s3(&c.Environment, "PUT", "/prepared")
		return err
	}))
}

// S3 without its SDK, so that these tests need little.
func s3(e *clochetest.Environment, method, path string) (int, error) {
	request, err := http.NewRequest(method, e.Endpoint+path, nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "AWS test:test")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}

func expect(t *testing.T, e *clochetest.Environment, method, path string, status int) {
	t.Helper()
	if got, err := s3(e, method, path); err != nil || got != status {
		t.Errorf("%s %s: %d, %v; not %d", method, path, got, err, status)
	}
}

// Two tests that make the same bucket: each begins with what was prepared, whoever runs first.
func TestEachTestHasABranch(t *testing.T) {
	for _, name := range []string{"one", "another"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			branch := clochetest.Branch(t)
			expect(t, &branch.Environment, "HEAD", "/prepared", 200)
			expect(t, &branch.Environment, "HEAD", "/mine", 404)
			expect(t, &branch.Environment, "PUT", "/mine", 200)
			expect(t, &clochetest.Shared(t).Environment, "HEAD", "/mine", 404)
		})
	}
}

func TestBranchesAreRemoved(t *testing.T) {
	t.Run("inner", func(t *testing.T) { clochetest.Branch(t) })
	var told struct{ Branches []struct{ Name string } }
	if err := clochetest.Shared(t).Ask("GET", "/_cloche/branches", nil, &told); err != nil || len(told.Branches) != 0 {
		t.Errorf("%v, %v", told, err)
	}
}

func TestTheClockStandsUntilItIsMoved(t *testing.T) {
	branch := clochetest.Branch(t)
	began := branch.FreezeClock(t)
	if got := branch.AdvanceClock(t, 2*time.Hour); !got.Equal(began.Add(2 * time.Hour)) {
		t.Errorf("%v after %v", got, began)
	}
	if got := branch.AdvanceClock(t, 1500*time.Millisecond); !got.Equal(began.Add(2*time.Hour + 1500*time.Millisecond)) {
		t.Errorf("%v after %v", got, began)
	}
	to := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	if got := branch.SetClock(t, to); !got.Equal(to) {
		t.Error(got)
	}
}

func TestAServerOfOnesOwn(t *testing.T) {
	own := clochetest.Start(t, "--durability", "commit")
	expect(t, &own.Environment, "PUT", "/kept", 200)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(own.Checkpoint("before"))
	expect(t, &own.Environment, "PUT", "/later", 200)
	check(own.Rewind("before"))
	expect(t, &own.Environment, "HEAD", "/later", 404)
	folder := filepath.Join(t.TempDir(), "fixture")
	check(own.Save(folder))
	check(own.Reset())
	expect(t, &own.Environment, "HEAD", "/kept", 404)
	check(own.Load(folder))
	expect(t, &own.Environment, "HEAD", "/kept", 200)
	if err := own.Load(folder); err == nil || !strings.Contains(err.Error(), "there already") {
		t.Error(err)
	}
	var told *clochetest.Error
	if err := own.Rewind("nope"); !errors.As(err, &told) || told.Code == "" {
		t.Error(err)
	}
}

func TestConfig(t *testing.T) {
	branch := clochetest.Branch(t)
	if config := branch.Config(); *config.BaseEndpoint != branch.Endpoint || config.Credentials == nil {
		t.Error(config)
	}
}
