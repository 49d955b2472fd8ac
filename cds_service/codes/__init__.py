"""The codes of value sets, for those who author them: where they are used, editing them, and their sheet.

find     which concepts a text means, and what they fire; role tells how a condition asks about a set
plain    what nobody sees in names and codes that are typed or pasted; capitals looks at their letters
sets     the value sets by id, and their files
written  a JSON file as its author formatted it
edit     adding and removing a concept; systems knows the short names of code systems
elsewhere what an added concept shares with other sets
rows     a value set as rows of a sheet; merge puts them back, and keeps what did not change as it stands
table    a sheet as cells, csv_sheet and xlsx_sheet as bytes; parse_sheet takes its rows, or says why not
exchange export and import
change   the files an edit changes: checked as a whole, shown, written all or none
expand   what a filter means, stored with its source; icd10cm answers, or a terminology_server with its server_expansion
validate which codes are none, or are called otherwise

Everything but reading and writing files is pure.
"""
