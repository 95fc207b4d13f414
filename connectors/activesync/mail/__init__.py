"""Mail as ActiveSync tells it. MS-ASEMAIL."""
