package main

import "time"

// What a service does with its token: the clients' own watcher renews it while it can be renewed.
func addWatchers() {
	add("go: LifetimeWatcher renews a token", func() {
		made := child(TokenCreateRequest{TTL: "5s"})
		watcher := must(connect(made.Auth.ClientToken).NewLifetimeWatcher(&LifetimeWatcherInput{Secret: made}))
		go watcher.Start()
		defer watcher.Stop()
		// The first renewal is at once, the second when two thirds of the time are over.
		for n := 0; n < 2; n++ {
			select {
			case renewal := <-watcher.RenewCh():
				same(renewal.Secret.Auth.LeaseDuration, 5)
			case err := <-watcher.DoneCh():
				isTrue(false, "the watcher ended: "+text(err))
			case <-time.After(20 * time.Second):
				isTrue(false, "nothing was renewed")
			}
		}
		must(lookupSelf(made.Auth.ClientToken))
	})
	add("go: LifetimeWatcher ends with the longest lifetime", func() {
		made := child(TokenCreateRequest{TTL: "3s", ExplicitMaxTTL: "3s"})
		watcher := must(connect(made.Auth.ClientToken).NewLifetimeWatcher(&LifetimeWatcherInput{Secret: made}))
		go watcher.Start()
		defer watcher.Stop()
		for {
			select {
			case <-watcher.RenewCh():
			case <-watcher.DoneCh():
				return
			case <-time.After(20 * time.Second):
				isTrue(false, "the watcher does not end")
			}
		}
	})
}

func text(err error) string {
	if err == nil {
		return "without an error"
	}
	return err.Error()
}
