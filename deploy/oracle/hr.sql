-- Run once by the image's entry point, as SYS: the tables of examples/hr for the user HR, and what safe marks need.
WHENEVER SQLERROR EXIT FAILURE
ALTER SESSION SET CONTAINER = FREEPDB1;
GRANT SELECT ON SYS.GV_$TRANSACTION TO hr;
GRANT SELECT ON SYS.GV_$SESSION TO hr;
GRANT SELECT ON SYS.V_$DATABASE TO hr;
ALTER SESSION SET CURRENT_SCHEMA = hr;
@/opt/hr/schema.sql
EXIT
