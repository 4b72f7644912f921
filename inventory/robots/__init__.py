"""robots.txt (RFC 9309): what a site allows to be collected for jobs and watches."""
