"""The durable queue: leases, retries, couriers, delivery status notifications."""
