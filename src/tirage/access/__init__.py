"""Who may do what over HTTP: keys with scopes, web sessions, requests that are carried out once."""
