"""Events, contacts, tasks and notes as ActiveSync tells them. MS-ASCAL, MS-ASCNTC, MS-ASTASK, MS-ASNOTE."""
