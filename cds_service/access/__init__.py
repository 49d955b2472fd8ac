"""Who may call: a signed JWT on every call (CDS Hooks 2.0, Trusting CDS Clients).

clients   the clients file: which issuers, with which keys, key set addresses and tenants
jwk       one JSON Web Key, and what it may verify
keys      KeySource: the key for a token, of the clients file or of a fetched key set
address   which addresses key sets may be fetched from
fetch     one HTTP GET of a key set, bounded in size and time
compact   the text of the header -> header, claims and signature, nothing believed yet
token     Verifier: which token is accepted, and who calls
replay    SeenTokens: a token counts once
make      a key pair and a token, to try it out

A key counts for its own issuer only. Whatever is wrong, the caller learns nothing but "not accepted".
"""
