"""The job core: what a job is, how it changes, who may change it.  Knows no pipeline's insides, no HTTP."""
