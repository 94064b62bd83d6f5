"""Completion dossiers as PDFs, with the truth about what is wrong in them.

A dossier is drafted faultless, a defect is planted on it, and it is set in type:

    made = draft(facts_of(project, city.market), ("joint_application", "planning_survey"), seed="1", sheet_count=3)
    DEFECTS["table does not add up"].plant(made)
    dossier = produce(made)        # files, the application, the truth: code, document, page, box

`families` says what each of the 22 kinds of document states, `layouts` and `drawings` how it looks. Two layouts of
forms and two title blocks are `HELD_OUT`: a reader must never be tuned on them. `defects` lists more than forty ways
to go wrong, each with the code of the finding, in the intake's rule book, that must come of it.
"""
