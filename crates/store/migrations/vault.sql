-- The keys that secrets are sealed under. Both texts in hexadecimal digits: nonce, ciphertext, tag.
create table vault_keys (
    id text collate "C" primary key,
    wrapped text not null,
    master text collate "C" not null, -- the fingerprint of the master key that wraps it
    created_at text collate "C" not null
);

-- The reference keeps a key that a rotation is deleting from being used by whoever is sealing just then.
create table secrets (
    id text collate "C" primary key,
    key_id text collate "C" not null references vault_keys (id),
    sealed text not null,
    created_at text collate "C" not null
);
