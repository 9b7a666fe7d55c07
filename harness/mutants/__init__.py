"""Would the tests notice? Templates changed in one place each, and the tests of the chart run on every one."""
