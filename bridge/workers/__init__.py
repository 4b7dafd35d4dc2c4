"""Generation on other machines: jobs, their protocol, the dispatcher and the worker."""
