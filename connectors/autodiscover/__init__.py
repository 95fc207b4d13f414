"""How programs set themselves up by an address: Autodiscover, Mozilla's autoconfig, Apple's profiles, PACC."""
