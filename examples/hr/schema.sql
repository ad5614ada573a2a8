-- An HR system with an inventory, in Oracle's SQL: for the owner of the schema (HR), in sqlplus, in the simulator, or by
-- load.ts. Every table has REGION_ID, the partition that its rows belong to, and LAST_MODIFIED, which whoever changes a
-- row sets to SYSTIMESTAMP: an index on it makes increments fast. No blank lines within a statement: sqlplus ends it there.

CREATE TABLE regions (
  region_id NUMBER(4) CONSTRAINT regions_pk PRIMARY KEY,
  region_name VARCHAR2(40 CHAR) CONSTRAINT regions_name_nn NOT NULL,
  last_modified TIMESTAMP(6) DEFAULT SYSTIMESTAMP NOT NULL
);

CREATE TABLE countries (
  country_id CHAR(2) CONSTRAINT countries_pk PRIMARY KEY,
  country_name VARCHAR2(60 CHAR) CONSTRAINT countries_name_nn NOT NULL,
  region_id NUMBER(4) CONSTRAINT countries_region_nn NOT NULL CONSTRAINT countries_region_fk REFERENCES regions (region_id),
  last_modified TIMESTAMP(6) DEFAULT SYSTIMESTAMP NOT NULL
);

CREATE TABLE locations (
  location_id NUMBER(6) CONSTRAINT locations_pk PRIMARY KEY,
  street_address VARCHAR2(80 CHAR),
  postal_code VARCHAR2(12),
  city VARCHAR2(40 CHAR) CONSTRAINT locations_city_nn NOT NULL,
  country_id CHAR(2) CONSTRAINT locations_country_fk REFERENCES countries (country_id),
  region_id NUMBER(4) CONSTRAINT locations_region_nn NOT NULL,
  last_modified TIMESTAMP(6) DEFAULT SYSTIMESTAMP NOT NULL
);

CREATE TABLE jobs (
  job_id VARCHAR2(10) CONSTRAINT jobs_pk PRIMARY KEY,
  job_title VARCHAR2(40 CHAR) CONSTRAINT jobs_title_nn NOT NULL,
  min_salary NUMBER(8,2),
  max_salary NUMBER(8,2),
  last_modified TIMESTAMP(6) DEFAULT SYSTIMESTAMP NOT NULL,
  CONSTRAINT jobs_salary_range CHECK (min_salary <= max_salary)
);

CREATE TABLE departments (
  department_id NUMBER(6) CONSTRAINT departments_pk PRIMARY KEY,
  department_name VARCHAR2(60 CHAR) CONSTRAINT departments_name_nn NOT NULL,
  manager_id NUMBER(10),
  location_id NUMBER(6) CONSTRAINT departments_location_fk REFERENCES locations (location_id),
  region_id NUMBER(4) CONSTRAINT departments_region_nn NOT NULL,
  last_modified TIMESTAMP(6) DEFAULT SYSTIMESTAMP NOT NULL
);

CREATE TABLE employees (
  employee_id NUMBER(10) CONSTRAINT employees_pk PRIMARY KEY,
  first_name VARCHAR2(40 CHAR),
  last_name VARCHAR2(40 CHAR) CONSTRAINT employees_last_name_nn NOT NULL,
  email VARCHAR2(120) CONSTRAINT employees_email_nn NOT NULL CONSTRAINT employees_email_uk UNIQUE,
  phone_number VARCHAR2(20),
  hire_date DATE CONSTRAINT employees_hire_date_nn NOT NULL,
  job_id VARCHAR2(10) CONSTRAINT employees_job_nn NOT NULL CONSTRAINT employees_job_fk REFERENCES jobs (job_id),
  salary NUMBER(10,2) CONSTRAINT employees_salary_positive CHECK (salary > 0),
  commission_pct NUMBER(3,2),
  manager_id NUMBER(10) CONSTRAINT employees_manager_fk REFERENCES employees (employee_id),
  department_id NUMBER(6) CONSTRAINT employees_department_fk REFERENCES departments (department_id),
  region_id NUMBER(4) CONSTRAINT employees_region_nn NOT NULL,
  last_modified TIMESTAMP(6) DEFAULT SYSTIMESTAMP NOT NULL
);

ALTER TABLE departments ADD CONSTRAINT departments_manager_fk FOREIGN KEY (manager_id) REFERENCES employees (employee_id);

CREATE TABLE job_history (
  employee_id NUMBER(10) CONSTRAINT job_history_employee_fk REFERENCES employees (employee_id),
  start_date DATE,
  end_date DATE CONSTRAINT job_history_end_nn NOT NULL,
  job_id VARCHAR2(10) CONSTRAINT job_history_job_nn NOT NULL CONSTRAINT job_history_job_fk REFERENCES jobs (job_id),
  department_id NUMBER(6) CONSTRAINT job_history_department_fk REFERENCES departments (department_id),
  region_id NUMBER(4) CONSTRAINT job_history_region_nn NOT NULL,
  last_modified TIMESTAMP(6) DEFAULT SYSTIMESTAMP NOT NULL,
  CONSTRAINT job_history_pk PRIMARY KEY (employee_id, start_date),
  CONSTRAINT job_history_range CHECK (end_date > start_date)
);

CREATE TABLE products (
  product_id NUMBER(10) CONSTRAINT products_pk PRIMARY KEY,
  sku VARCHAR2(20) CONSTRAINT products_sku_nn NOT NULL CONSTRAINT products_sku_uk UNIQUE,
  product_name VARCHAR2(80 CHAR) CONSTRAINT products_name_nn NOT NULL,
  description CLOB,
  weight_kg BINARY_DOUBLE,
  unit_price NUMBER(12,4) CONSTRAINT products_price_nn NOT NULL,
  discontinued CHAR(1) DEFAULT 'N' NOT NULL,
  last_modified TIMESTAMP(6) DEFAULT SYSTIMESTAMP NOT NULL,
  CONSTRAINT products_discontinued_yn CHECK (discontinued IN ('Y', 'N'))
);

CREATE TABLE inventories (
  product_id NUMBER(10) CONSTRAINT inventories_product_fk REFERENCES products (product_id),
  location_id NUMBER(6) CONSTRAINT inventories_location_fk REFERENCES locations (location_id),
  quantity_on_hand NUMBER(10) CONSTRAINT inventories_quantity_nn NOT NULL,
  reorder_level NUMBER(10) DEFAULT 0 NOT NULL,
  region_id NUMBER(4) CONSTRAINT inventories_region_nn NOT NULL,
  last_modified TIMESTAMP(6) DEFAULT SYSTIMESTAMP NOT NULL,
  CONSTRAINT inventories_pk PRIMARY KEY (product_id, location_id)
);

CREATE TABLE stock_transactions (
  transaction_id NUMBER(15) CONSTRAINT stock_transactions_pk PRIMARY KEY,
  product_id NUMBER(10) CONSTRAINT stock_product_nn NOT NULL,
  location_id NUMBER(6) CONSTRAINT stock_location_nn NOT NULL,
  employee_id NUMBER(10) CONSTRAINT stock_employee_fk REFERENCES employees (employee_id),
  kind VARCHAR2(10) CONSTRAINT stock_kind_nn NOT NULL,
  quantity NUMBER(10) CONSTRAINT stock_quantity_nn NOT NULL,
  unit_cost NUMBER(12,4),
  occurred_at TIMESTAMP(6) WITH TIME ZONE CONSTRAINT stock_occurred_nn NOT NULL,
  note VARCHAR2(200 CHAR),
  region_id NUMBER(4) CONSTRAINT stock_region_nn NOT NULL,
  last_modified TIMESTAMP(6) DEFAULT SYSTIMESTAMP NOT NULL,
  CONSTRAINT stock_inventory_fk FOREIGN KEY (product_id, location_id) REFERENCES inventories (product_id, location_id),
  CONSTRAINT stock_kind_known CHECK (kind IN ('RECEIPT', 'SALE', 'RETURN', 'CORRECTION'))
);

CREATE INDEX regions_modified ON regions (last_modified, region_id);
CREATE INDEX countries_modified ON countries (last_modified, country_id);
CREATE INDEX locations_modified ON locations (last_modified, location_id);
CREATE INDEX jobs_modified ON jobs (last_modified, job_id);
CREATE INDEX departments_modified ON departments (last_modified, department_id);
CREATE INDEX employees_modified ON employees (last_modified, employee_id);
CREATE INDEX job_history_modified ON job_history (last_modified, employee_id, start_date);
CREATE INDEX products_modified ON products (last_modified, product_id);
CREATE INDEX inventories_modified ON inventories (last_modified, product_id, location_id);
CREATE INDEX stock_transactions_modified ON stock_transactions (last_modified, transaction_id);
CREATE INDEX employees_department ON employees (department_id);
CREATE INDEX employees_job ON employees (job_id);
CREATE INDEX inventories_location ON inventories (location_id);
CREATE INDEX stock_transactions_inventory ON stock_transactions (product_id, location_id);

CREATE SEQUENCE employees_seq START WITH 1000000000 INCREMENT BY 1;
CREATE SEQUENCE stock_transactions_seq START WITH 100000000000000 INCREMENT BY 1;

COMMENT ON TABLE employees IS 'People, those who left included';
COMMENT ON COLUMN employees.commission_pct IS 'Part of a sale that is paid on top, 0.15 is 15 percent';
COMMENT ON TABLE stock_transactions IS 'What moved in and out of stock; never changed, corrected by another one';
