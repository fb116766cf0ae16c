-- What is left of the limits that several nodes share. Losing it in a crash only refills the buckets.
create unlogged table rate_limit_buckets (
    name text collate "C" primary key,
    tokens double precision not null,
    refilled_at text not null
);
