"""FHIR access: prefetch that did not come is fetched from the EHR (CDS Hooks 2.0, FHIR Resource Access).

client      FhirClient: everything one call needs, in parallel, within one budget
access      fhirServer and fhirAuthorization -> Access: token and scopes
query       prefetch template and context -> Query
hosts       which servers and which addresses may be called
connection  the HTTP session: connects to no address that was not checked
call        what one call may spend: seconds, bytes; what it has open
task        one prefetch key: a read, or a search page by page
page        one page: asked, read, decoded, or Failed
outcome     the words for how it ended
"""
