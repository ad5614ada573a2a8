/** A package of the owner through which employees are written: PL/SQL, and what stands for it in the simulator. */
import type { WriteWorld } from './write-back-kit.ts';

export async function installPayApi({ simulator, owner, user, run }: WriteWorld): Promise<void> {
  if (simulator === null) {
    await run(SPECIFICATION, BODY);
    return;
  }
  await simulator.installProcedure({
    name: `${owner}.PAY_API.SET_EMPLOYEE`,
    parameters: [
      { name: 'p_operation', type: 'VARCHAR2' },
      { name: 'p_changed', type: 'VARCHAR2' },
      { name: 'p_id', mode: 'in out', type: 'NUMBER' },
      { name: 'p_name', type: 'VARCHAR2', default: 'NULL' },
      { name: 'p_salary', type: 'NUMBER', default: 'NULL' },
      { name: 'p_hired', type: 'DATE', default: 'NULL' },
    ],
    body: `BEGIN
      IF p_salary > 50000 THEN PERFORM oracle.raise_application_error(-20001, 'Insufficient permissions'); END IF;
      IF p_operation = 'insert' THEN
        p_id := nextval('"${owner}"."EMPLOYEES_SEQ"');
        INSERT INTO "EMPLOYEES" ("ID", "NAME", "SALARY", "ORIGIN") VALUES (p_id, p_name, p_salary, p_operation || ':' || p_changed);
      ELSIF p_operation = 'delete' THEN
        DELETE FROM "EMPLOYEES" WHERE "ID" = p_id;
      ELSE
        UPDATE "EMPLOYEES" SET "SALARY" = coalesce(p_salary, "SALARY"), "HIRED" = coalesce(p_hired, "HIRED"),
               "ORIGIN" = p_operation || ':' || p_changed WHERE "ID" = p_id;
      END IF;
    END`,
  });
  await run(`GRANT EXECUTE ON PAY_API TO ${user}`);
}

const HEAD = `PROCEDURE SET_EMPLOYEE (
    P_OPERATION IN VARCHAR2, P_CHANGED IN VARCHAR2, P_ID IN OUT NUMBER,
    P_NAME IN VARCHAR2 DEFAULT NULL, P_SALARY IN NUMBER DEFAULT NULL, P_HIRED IN DATE DEFAULT NULL)`;

const SPECIFICATION = `CREATE OR REPLACE PACKAGE PAY_API AS
  ${HEAD};
END;`;

const BODY = `CREATE OR REPLACE PACKAGE BODY PAY_API AS
  ${HEAD} IS
  BEGIN
    IF P_SALARY > 50000 THEN RAISE_APPLICATION_ERROR(-20001, 'Insufficient permissions'); END IF;
    IF P_OPERATION = 'insert' THEN
      P_ID := EMPLOYEES_SEQ.NEXTVAL;
      INSERT INTO EMPLOYEES (ID, NAME, SALARY, ORIGIN) VALUES (P_ID, P_NAME, P_SALARY, P_OPERATION || ':' || P_CHANGED);
    ELSIF P_OPERATION = 'delete' THEN
      DELETE FROM EMPLOYEES WHERE ID = P_ID;
    ELSE
      UPDATE EMPLOYEES SET SALARY = NVL(P_SALARY, SALARY), HIRED = NVL(P_HIRED, HIRED),
             ORIGIN = P_OPERATION || ':' || P_CHANGED WHERE ID = P_ID;
    END IF;
  END;
END;`;
