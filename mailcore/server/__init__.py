"""What any service needs: configuration, listeners, rules, TLS, DNS, log, counters, and the composition root."""
