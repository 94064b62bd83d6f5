"""Stored files, documents' results and dossiers"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('document_result',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.CHAR(length=64), nullable=False),
    sa.Column('rules_version', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('report', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
    sa.Column('checked_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_document_result')),
    sa.UniqueConstraint('sha256', 'rules_version', name=op.f('uq_document_result_sha256_rules_version'))
    )
    op.create_table('stored_file',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.CHAR(length=64), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('stored_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stored_file')),
    sa.UniqueConstraint('sha256', name=op.f('uq_stored_file_sha256'))
    )
    op.create_table('dossier',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('key', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('subject', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('project', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
    sa.Column('state', sa.Enum('open', 'checking', 'checked', name='dossierstate', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('report', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    sa.Column('opened_by', sa.BigInteger(), nullable=True),
    sa.Column('opened_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('checked_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['opened_by'], ['account.id'], name=op.f('fk_dossier_opened_by'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_dossier')),
    sa.UniqueConstraint('key', name=op.f('uq_dossier_key'))
    )
    op.create_index(op.f('ix_dossier_subject'), 'dossier', ['subject'], unique=False)
    op.create_table('dossier_file',
    sa.Column('id', sa.BigInteger(), nullable=False),
    sa.Column('dossier_id', sa.BigInteger(), nullable=False),
    sa.Column('file_id', sa.BigInteger(), nullable=False),
    sa.Column('name', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('added_at', sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column('withdrawn_at', sa.TIMESTAMP(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['dossier_id'], ['dossier.id'], name=op.f('fk_dossier_file_dossier_id'), ondelete='RESTRICT'),
    sa.ForeignKeyConstraint(['file_id'], ['stored_file.id'], name=op.f('fk_dossier_file_file_id'), ondelete='RESTRICT'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_dossier_file'))
    )
    op.create_index(op.f('ix_dossier_file_dossier_id'), 'dossier_file', ['dossier_id'], unique=False)


def downgrade() -> None:
    for table in ("dossier_file", "dossier", "stored_file", "document_result"):
        op.drop_table(table)
