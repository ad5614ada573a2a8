/** The tables that the demo makes in Oracle. Times are wall times of UTC. */
import { LEDGER_DDL, LEDGER_TABLE } from '../../src/connectors/oracle/ledger.ts';
import type { DemoTable } from './own-tables.ts';

export const NOW = 'SYS_EXTRACT_UTC(SYSTIMESTAMP)';

/** Those that others refer to first. */
export const BUSINESS_TABLES: readonly DemoTable[] = [
  {
    name: 'SYNCLINE_DEMO_SALES',
    statements: [
      `CREATE TABLE syncline_demo_sales (
        id NUMBER(18) PRIMARY KEY,
        pdv NUMBER(6) NOT NULL,
        operator VARCHAR2(20) NOT NULL,
        amount NUMBER(12, 2) NOT NULL,
        sold_at TIMESTAMP(6) NOT NULL,
        type VARCHAR2(12) NOT NULL,
        reference VARCHAR2(30),
        updated_at TIMESTAMP(6) DEFAULT ${NOW} NOT NULL)`,
      'CREATE INDEX syncline_demo_sales_changed ON syncline_demo_sales (updated_at, id)',
    ],
  },
  {
    name: 'SYNCLINE_DEMO_DEPARTMENTS',
    statements: [
      `CREATE TABLE syncline_demo_departments (
        department_id NUMBER(6) PRIMARY KEY,
        department_name VARCHAR2(60 CHAR) NOT NULL,
        cost_centre CHAR(8) NOT NULL,
        last_modified TIMESTAMP(6) DEFAULT ${NOW} NOT NULL)`,
      'CREATE INDEX syncline_demo_dept_changed ON syncline_demo_departments (last_modified, department_id)',
    ],
  },
  {
    name: 'SYNCLINE_DEMO_EMPLOYEES',
    // Applications set last_modified, or a trigger does; what is written back reaches the mirror without it.
    statements: [
      `CREATE TABLE syncline_demo_employees (
        employee_id NUMBER(10) PRIMARY KEY,
        first_name VARCHAR2(40 CHAR),
        last_name VARCHAR2(40 CHAR) NOT NULL,
        email VARCHAR2(120) NOT NULL,
        hire_date DATE NOT NULL,
        salary NUMBER(10, 2) NOT NULL,
        active CHAR(1) NOT NULL CHECK (active IN ('Y', 'N')),
        department_id NUMBER(6) NOT NULL REFERENCES syncline_demo_departments (department_id),
        job_title VARCHAR2(40 CHAR) NOT NULL,
        phone VARCHAR2(30),
        notes VARCHAR2(400 CHAR),
        last_modified TIMESTAMP(6) DEFAULT ${NOW} NOT NULL)`,
      'CREATE INDEX syncline_demo_emp_changed ON syncline_demo_employees (last_modified, employee_id)',
      'CREATE INDEX syncline_demo_emp_department ON syncline_demo_employees (department_id)',
    ],
  },
];

/** Who logs in owns all of them, so there is nothing to grant: the ledger is all that writing back needs. */
export const TABLES: readonly DemoTable[] = [
  ...BUSINESS_TABLES,
  { name: LEDGER_TABLE, statements: LEDGER_DDL },
];
