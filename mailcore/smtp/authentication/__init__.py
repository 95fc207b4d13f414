"""Who a message is really from: SPF, DKIM, ARC, DMARC, names; and signing what leaves. Logic over a resolver."""
